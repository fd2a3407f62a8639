/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/pamstack.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"

struct reading {
	pamstack_reader *reader;
	void *context;
	struct arena *arena;
	struct pam_stack *stack;
	unsigned depth;
	unsigned level;
};

/* A text that is cut into words. */
struct words {
	const char *text;
	size_t length;
};

/**
 * take_word() - the next word: up to a blank, or with its brackets
 * Return: false at the end
 */
static bool take_word(struct words *words, const char **ret, size_t *ret_length)
{
	size_t at = 0;

	while (words->length && strchr(" \t\r\n", *words->text)) {
		words->text++;
		words->length--;
	}
	if (!words->length)
		return false;
	bool bracket = *words->text == '[';
	while (at < words->length &&
	       (bracket ? words->text[at] != ']' : !strchr(" \t\r\n", words->text[at])))
		at++;
	if (bracket && at < words->length)
		at++;
	*ret = words->text;
	*ret_length = at;
	words->text += at;
	words->length -= at;
	return true;
}

/** is_word() - without regard to capitals */
static bool is_word(const char *word, size_t length, const char *expected)
{
	return length == strlen(expected) && strncasecmp(word, expected, length) == 0;
}

/** is_module() - is @name, a path or not, that of the module @file? */
static bool is_module(const char *name, const char *file)
{
	const char *slash = strrchr(name, '/');

	return strcmp(slash ? slash + 1 : name, file) == 0;
}

static int read_file(struct reading *reading, const char *name, const char *only,
		     struct carrel_error *err);

/** include() - the file @name, of which lines of the type @only count (NULL: all) */
static int include(struct reading *reading, const char *name, size_t length, const char *only,
		   struct carrel_error *err)
{
	const char *copy = arena_strndup(reading->arena, name, length);

	return copy ? read_file(reading, copy, only, err) : -ENOMEM;
}

/** add_line() - one more session line, its words behind the control in @words */
static int add_line(struct reading *reading, const char *control, size_t control_length,
		    struct words *words, const struct position *position)
{
	struct pam_line *line = ARENA_APPEND(reading->arena, &reading->stack->session);
	const char *word;
	size_t length;

	if (!line)
		return -ENOMEM;
	line->position = *position;
	line->level = reading->level;
	line->control = arena_strndup(reading->arena, control, control_length);
	if (!line->control)
		return -ENOMEM;
	if (!words)
		return 0;
	for (bool first = true; take_word(words, &word, &length); first = false) {
		const char *copy = arena_strndup(reading->arena, word, length);

		if (!copy)
			return -ENOMEM;
		if (first) {
			line->module = copy;
			continue;
		}
		const char **argument = ARENA_APPEND(reading->arena, &line->arguments);
		if (!argument)
			return -ENOMEM;
		*argument = copy;
	}
	return 0;
}

/** read_session_line() - what stands behind the type of a session line */
static int read_session_line(struct reading *reading, struct words *words,
			     const struct position *position, struct carrel_error *err)
{
	const char *control, *name;
	size_t control_length, length;
	struct words rest;

	if (!take_word(words, &control, &control_length))
		return 0;
	rest = *words;
	if (!take_word(&rest, &name, &length))
		return 0;
	if (is_word(control, control_length, "include"))
		return include(reading, name, length, "session", err);
	if (!is_word(control, control_length, "substack"))
		return add_line(reading, control, control_length, words, position);

	/* For jumps a substack is one line. */
	int rc = add_line(reading, control, control_length, NULL, position);
	reading->level++;
	if (rc == 0)
		rc = include(reading, name, length, "session", err);
	reading->level--;
	return rc;
}

/** note_misplaced() - lines of another type than session that name the module */
static int note_misplaced(struct reading *reading, struct words *words,
			  const struct position *position)
{
	const char *word;
	size_t length;

	while (take_word(words, &word, &length)) {
		const char *copy = arena_strndup(reading->arena, word, length);

		if (!copy)
			return -ENOMEM;
		if (!is_module(copy, PAMSTACK_MODULE))
			continue;
		reading->stack->misplaced = true;
		reading->stack->misplaced_at = *position;
	}
	return 0;
}

/** read_line() - one line, continuations joined and comments cut off */
static int read_line(struct reading *reading, const char *text, size_t length, const char *only,
		     const struct position *position, struct carrel_error *err)
{
	struct words words = { text, length };
	const char *type, *name;
	size_t type_length, name_length;

	if (!take_word(&words, &type, &type_length))
		return 0;
	if (is_word(type, type_length, "@include"))
		return take_word(&words, &name, &name_length) ?
		       include(reading, name, name_length, only, err) : 0;
	if (*type == '-' && type_length > 1) {
		type++;
		type_length--;
	}
	if (only && !is_word(type, type_length, only))
		return 0;
	return is_word(type, type_length, "session") ?
	       read_session_line(reading, &words, position, err) :
	       note_misplaced(reading, &words, position);
}

/**
 * next_line() - cut the next line off, its continuations joined by blanks
 * @ret:	from the arena, without its comment
 * Return: 0 or -ENOMEM
 */
static int next_line(struct words *text, struct arena *arena, char **ret, size_t *ret_length,
		     unsigned *ret_lines)
{
	size_t end = 0;
	unsigned lines = 1;

	while (end < text->length && text->text[end] != '\n') {
		bool continues = end + 1 < text->length && text->text[end] == '\\' &&
				 text->text[end + 1] == '\n';

		lines += continues;
		end += continues ? 2 : 1;
	}
	char *line = arena_strndup(arena, text->text, end);
	if (!line)
		return -ENOMEM;
	for (size_t i = 0; i + 1 < end; i++)
		if (line[i] == '\\' && line[i + 1] == '\n')
			line[i] = line[i + 1] = ' ';
	const char *comment = memchr(line, '#', end);
	*ret = line;
	*ret_length = comment ? (size_t)(comment - line) : end;
	*ret_lines = lines;
	if (end < text->length)
		end++;
	text->text += end;
	text->length -= end;
	return 0;
}

/** read_file() - the lines of @name: all, or those of the type @only */
static int read_file(struct reading *reading, const char *name, const char *only,
		     struct carrel_error *err)
{
	struct source source;
	unsigned number = 1, lines;

	if (reading->depth == PAMSTACK_DEPTH_MAX)
		return error_set(err, ELOOP, "%s: files include each other more than %d deep", name,
				 PAMSTACK_DEPTH_MAX);
	int rc = reading->reader(reading->context, name, &source, err);
	if (rc < 0)
		return rc;
	reading->depth++;
	struct words text = { source.text, source.length };
	while (rc == 0 && text.length) {
		const struct position position = { .file = source.path, .line = number };
		char *line;
		size_t length;

		rc = next_line(&text, reading->arena, &line, &length, &lines);
		if (rc == 0)
			rc = read_line(reading, line, length, only, &position, err);
		number += lines;
	}
	reading->depth--;
	return rc;
}

int pamstack_read(const char *name, pamstack_reader *reader, void *context, struct arena *arena,
		  struct pam_stack *ret, struct carrel_error *err)
{
	struct pam_stack stack = { 0 };
	struct reading reading = {
		.reader = reader, .context = context, .arena = arena, .stack = &stack,
	};
	int rc = read_file(&reading, name, NULL, err);

	if (rc < 0)
		return rc == -ENOMEM ? error_set_errno(err, ENOMEM, "reading %s", name) : rc;
	*ret = stack;
	return 0;
}

/** What libpam does after a line, for one of its module's answers. */
enum action { ACTION_IGNORE, ACTION_OK, ACTION_DONE, ACTION_BAD, ACTION_DIE, ACTION_JUMP };

/** What the words that are no brackets stand for. Source: pam.d(5) */
static const struct { const char *word; enum action success, failure; } controls[] = {
	{ "required", ACTION_OK, ACTION_BAD },
	{ "requisite", ACTION_OK, ACTION_DIE },
	{ "sufficient", ACTION_DONE, ACTION_IGNORE },
	{ "optional", ACTION_OK, ACTION_IGNORE },
};

/** action_of_value() - of what stands behind '=' in brackets; lines that are jumped over in *@ret_jump */
static enum action action_of_value(const char *text, size_t length, unsigned *ret_jump)
{
	static const struct { const char *word; enum action action; } words[] = {
		{ "ignore", ACTION_IGNORE }, { "ok", ACTION_OK }, { "done", ACTION_DONE },
		{ "bad", ACTION_BAD }, { "die", ACTION_DIE }, { "reset", ACTION_IGNORE },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (is_word(text, length, words[i].word))
			return words[i].action;
	*ret_jump = 0;
	for (size_t i = 0; i < length && text[i] >= '0' && text[i] <= '9' && *ret_jump < 1000; i++)
		*ret_jump = *ret_jump * 10 + (unsigned)(text[i] - '0');
	return ACTION_JUMP;
}

/**
 * action_for() - what @control does when its module answers @answer
 * @answer:	"success", or the name of an error in brackets
 */
static enum action action_for(const char *control, const char *answer, unsigned *ret_jump)
{
	enum action action = ACTION_BAD;
	bool explicit = false;

	*ret_jump = 0;
	if (*control != '[') {
		for (size_t i = 0; i < sizeof(controls) / sizeof(controls[0]); i++)
			if (strcasecmp(control, controls[i].word) == 0)
				return strcmp(answer, "success") == 0 ? controls[i].success :
									 controls[i].failure;
		return action;          /* libpam takes what it does not know for a failure */
	}
	struct words words = { control + 1, strlen(control + 1) };
	const char *word;
	size_t length;
	while (take_word(&words, &word, &length)) {
		const char *equals = memchr(word, '=', length);

		if (!equals)
			continue;
		size_t name = (size_t)(equals - word), value = length - name - 1;
		if (value && equals[value] == ']')
			value--;
		if (is_word(word, name, answer)) {
			action = action_of_value(equals + 1, value, ret_jump);
			explicit = true;
		} else if (!explicit && is_word(word, name, "default")) {
			action = action_of_value(equals + 1, value, ret_jump);
		}
	}
	return action;
}

/** jumps_over() - does a jump of @lines lines from @from go beyond @target? */
static bool jumps_over(const struct pam_stack *stack, size_t from, unsigned lines, size_t target)
{
	size_t at = from + 1;

	if (stack->session.items[target].level != stack->session.items[from].level)
		return false;
	for (; lines && at < stack->session.count; at++) {
		/* What is in a substack goes with the line that calls it. */
		if (stack->session.items[at].level > stack->session.items[from].level)
			continue;
		if (at == target)
			return true;
		lines--;
	}
	return false;
}

/** skips() - may the line at @from keep the one at @target, further down, from being run? */
static bool skips(const struct pam_stack *stack, size_t from, size_t target)
{
	/* What a module that does its work answers, and one that has nothing to do. */
	static const char *const answers[] = { "success", "ignore" };
	const struct pam_line *line = &stack->session.items[from];

	if (!line->module)
		return false;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		unsigned jump;
		enum action action = action_for(line->control, answers[i], &jump);

		/* In a substack it ends no more than that. */
		if (action == ACTION_DONE && i == 0 &&
		    line->level <= stack->session.items[target].level)
			return true;
		if (action == ACTION_JUMP && jumps_over(stack, from, jump, target))
			return true;
	}
	return false;
}

/** is_binding() - is a refusal of this line's module one of the session? */
static bool is_binding(const char *control)
{
	/* What the module answers when it refuses (pam_carrel(8)). */
	static const char *const answers[] = { "system_err", "perm_denied" };

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		unsigned jump;
		enum action action = action_for(control, answers[i], &jump);

		if (action != ACTION_BAD && action != ACTION_DIE)
			return false;
	}
	return true;
}

/** refuses_all() - do the lines open no session for anybody? */
static bool refuses_all(const struct pam_stack *stack)
{
	for (size_t i = 0; i < stack->session.count; i++) {
		const char *module = stack->session.items[i].module;

		if (module && !is_module(module, "pam_deny.so") && !is_module(module, "pam_warn.so"))
			return false;
	}
	return true;
}

struct pam_judgement pamstack_judge(const struct pam_stack *stack)
{
	struct pam_judgement judgement = { .flaw = PAM_SOUND };
	size_t count = stack->session.count, at = 0;

	if (refuses_all(stack))
		return (struct pam_judgement){ .flaw = PAM_NO_SESSION };
	while (at < count && !(stack->session.items[at].module &&
			       is_module(stack->session.items[at].module, PAMSTACK_MODULE)))
		at++;
	if (at == count)
		return (struct pam_judgement){ .flaw = PAM_MISSING };

	judgement.module = &stack->session.items[at];
	for (size_t i = 0; i < at && judgement.flaw == PAM_SOUND; i++) {
		if (!skips(stack, i, at))
			continue;
		judgement.flaw = PAM_SKIPPED;
		judgement.culprit = &stack->session.items[i];
	}
	if (judgement.flaw == PAM_SOUND && !is_binding(judgement.module->control))
		judgement.flaw = PAM_NOT_BINDING;
	for (size_t i = at + 1; i < count && judgement.flaw == PAM_SOUND; i++) {
		const char *module = stack->session.items[i].module;

		if (!module || !is_module(module, "pam_systemd.so"))
			continue;
		judgement.flaw = PAM_TOO_EARLY;
		judgement.culprit = &stack->session.items[i];
	}
	return judgement;
}

const char *pamstack_argument(const struct pam_line *line, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < line->arguments.count; i++) {
		const char *argument = line->arguments.items[i];

		if (strncmp(argument, name, length) == 0 && argument[length] == '=')
			return argument + length + 1;
	}
	return NULL;
}
