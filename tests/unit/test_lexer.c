/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "text.h"

#include <stdlib.h>

#include "core/lexer.h"

/* The tokens of all lines: words bare, strings in <>, ',' and '!' as such, '/' ends a line. */
static const char *tokens_of(struct arena *arena, const struct source *source,
			     struct diagnostics *diagnostics)
{
	const char *text = "";
	struct lexer lexer;
	int rc;

	diagnostics->arena = arena;
	assert_int_equal(lexer_open(source, arena, diagnostics, &lexer), 0);
	while ((rc = lexer_next_line(&lexer)) > 0) {
		while (lexer_peek(&lexer)->kind != TOKEN_END) {
			const struct token *token = lexer_take(&lexer);
			bool quoted = token->kind == TOKEN_STRING;
			text = arena_printf(arena, "%s %s%.*s%s", text, quoted ? "<" : "",
					    (int)token->length, token->text, quoted ? ">" : "");
		}
		text = arena_printf(arena, "%s /", text);
	}
	assert_int_equal(rc, 0);
	return text;
}

/* Check the tokens of valid texts, the findings of others. */
static void check_cases(const struct text_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		ARENA_CLEANUP struct arena arena = { 0 };
		struct diagnostics diagnostics = { 0 };
		struct source source = text_source(cases[i].text);
		const char *tokens = tokens_of(&arena, &source, &diagnostics);
		assert_string_equal(diagnostics.errors ? said(&arena, &diagnostics) : tokens,
				    cases[i].said);
	}
}
#define CHECK_CASES(cases) check_cases(cases, sizeof(cases) / sizeof(*(cases)))

static void test_lexer_cuts_lines_into_tokens(void **state)
{
	static const struct text_case cases[] = {
		{ "", "" },
		{ "\n\n  \t\n# nothing\n   # nothing\n", "" },
		{ "a", " a /" },
		{ "a b\nc", " a b / c /" },
		{ "  a\t b  \n", " a b /" },
		{ "a # b\nc#d\n", " a / c /" },
		{ "a,b , c\n", " a , b , c /" },
		{ "!a,!\"b c\" d!e\n", " ! a , ! <b c> d!e /" },
		{ "a \"b # c, d\" e", " a <b # c, d> e /" },
		{ "\"\"\n", " <> /" },
		{ "\"a\\\"b\\\\c\"\n", " <a\"b\\c> /" },
		{ "a\"b\"c\n", " a <b> c /" },
		{ "a\r\nb\r\n", " a / b /" },
		{ "a\r", " a /" },
		{ "\xef\xbb\xbf" "a\n", " a /" },
		{ "\"Pr\xc3\xbc" "fung\" # \xe2\x82\xac\n", " <Pr\xc3\xbc" "fung> /" },
	};

	(void)state;
	CHECK_CASES(cases);
}

#define TEXT_EXPECTED "; expected text in UTF-8 without control characters"

static void test_lexer_reports_what_is_no_text(void **state)
{
	static const struct text_case cases[] = {
		{ "ok\na\x01\n", "2:2: the byte 0x01" TEXT_EXPECTED },
		{ "a\rb\n", "1:2: the byte 0x0d" TEXT_EXPECTED },
		{ "a # \x1b[31m\n", "1:5: the byte 0x1b" TEXT_EXPECTED },
		{ "a \"\x7f\"\n", "1:4: the byte 0x7f" TEXT_EXPECTED },
		{ "a \xc2\x9b\n", "1:3: the byte 0xc2" TEXT_EXPECTED },
		{ "a \xe9t\xe9\n", "1:3: the byte 0xe9" TEXT_EXPECTED },
		{ "\"a\tb\"\n", "1:3: a tab in quotes; expected a blank" },
		{ "x \"a\\nb\"\n", "1:5: a backslash before neither '\"' nor '\\'; "
		  "expected \\\" or \\\\ in quotes" },
		{ "x \"a b\nc\n", "1:3: the quotes opened here are not closed; expected '\"' "
		  "before the end of the line" },
		{ "x \"a b\\", "1:3: the quotes opened here are not closed; expected '\"' "
		  "before the end of the line" },
		{ "\x02\nb\n\x03", "1:1: the byte 0x02" TEXT_EXPECTED "\n"
		  "3:1: the byte 0x03" TEXT_EXPECTED },
	};

	(void)state;
	CHECK_CASES(cases);
}

static void test_lexer_refuses_a_nul(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct diagnostics diagnostics = { 0 };
	struct source source = { .path = "x", .text = "a\0b\nc\n", .length = 6 };

	(void)state;
	assert_string_equal(tokens_of(&arena, &source, &diagnostics), " c /");
	assert_string_equal(said(&arena, &diagnostics), "1:2: the byte 0x00" TEXT_EXPECTED);
}

static void test_lexer_bounds_the_length_of_a_line(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct diagnostics diagnostics = { 0 };
	size_t length = LEXER_LINE_MAX + 1;
	char *text = malloc(length);

	(void)state;
	assert_non_null(text);
	memset(text, 'a', length);
	struct source source = { .path = "x", .text = text, .length = length - 1 };
	tokens_of(&arena, &source, &diagnostics);
	assert_int_equal(diagnostics.errors, 0);
	source.length = length;
	tokens_of(&arena, &source, &diagnostics);
	assert_string_equal(said(&arena, &diagnostics),
			    "1:65537: a line of 65537 bytes; expected at most 65536");
	free(text);
}

static void test_lexer_line_text_folds_blanks_outside_of_quotes(void **state)
{
	static const struct text_case cases[] = {
		{ "  allow\t out   # all\n", "allow out" },
		{ "a  \"b  \\\"  c\"   d\r\n", "a \"b  \\\"  c\" d" },
		{ "a , b\n", "a , b" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		ARENA_CLEANUP struct arena arena = { 0 };
		struct diagnostics diagnostics = { .arena = &arena };
		struct source source = text_source(cases[i].text);
		struct lexer lexer;
		assert_int_equal(lexer_open(&source, &arena, &diagnostics, &lexer), 0);
		assert_int_equal(lexer_next_line(&lexer), 1);
		assert_string_equal(lexer_line_text(&lexer), cases[i].said);
	}
}

/* The first token of @text as messages show it. */
static const char *shown(const char *text, char buffer[TOKEN_SHOWN_SIZE])
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct diagnostics diagnostics = { .arena = &arena };
	struct source source = text_source(text);
	struct lexer lexer;

	assert_int_equal(lexer_open(&source, &arena, &diagnostics, &lexer), 0);
	assert_int_equal(lexer_next_line(&lexer), 1);
	return token_show(lexer_peek(&lexer), buffer);
}

#define TEN "0123456789"
#define SIXTY TEN TEN TEN TEN TEN TEN

static void test_lexer_token_show_cuts_between_characters(void **state)
{
	char buffer[TOKEN_SHOWN_SIZE];

	(void)state;
	assert_string_equal(shown("word", buffer), "'word'");
	assert_string_equal(shown("\"a b\"", buffer), "\"a b\"");
	assert_string_equal(shown(",", buffer), "','");
	assert_string_equal(shown(SIXTY "abcd", buffer), "'" SIXTY "abcd'");
	assert_string_equal(shown(SIXTY "abcde", buffer), "'" SIXTY "abcd...'");
	assert_string_equal(shown(SIXTY "abc\xc3\xbc", buffer), "'" SIXTY "abc...'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lexer_cuts_lines_into_tokens),
		cmocka_unit_test(test_lexer_reports_what_is_no_text),
		cmocka_unit_test(test_lexer_refuses_a_nul),
		cmocka_unit_test(test_lexer_bounds_the_length_of_a_line),
		cmocka_unit_test(test_lexer_line_text_folds_blanks_outside_of_quotes),
		cmocka_unit_test(test_lexer_token_show_cuts_between_characters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
