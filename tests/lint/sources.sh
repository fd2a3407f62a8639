#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What tools say of the sources: compilers' warnings, shellcheck, mandoc, cppcheck; and that
# every file says under which licence it is.
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
cd "$(dirname "$0")/../.." || exit 1

# Of the files that are part of the project: those that git knows, or all in an export.
project_files() {
	if git ls-files -z >/dev/null 2>&1; then
		git ls-files -z
	else
		find . \( -path ./build -o -path ./.git \) -prune -o -type f -print0
	fi
}

scripts() {
	project_files | xargs -0 grep -lE -m 1 '^#!/bin/(ba)?sh|^# shellcheck shell=' --
}

# compiles_without_warning COMPILER: the program and its tests, in a directory of their own
compiles_without_warning() {
	local directory
	command -v "$1" || skip "no $1"
	directory=$(mktemp -d)
	# shellcheck disable=SC2064  # as it is now
	trap "rm -rf '$directory'" EXIT
	make --no-print-directory -s "-j$(nproc)" CC="$1" WERROR=1 BUILD="$directory" \
		all unit-tests kernel-tests fault-tests
}

test_lint_gcc_has_no_warning() {
	compiles_without_warning gcc
}

test_lint_clang_has_no_warning() {
	compiles_without_warning clang
}

test_lint_cppcheck_has_no_complaint() {
	command -v cppcheck || skip "no cppcheck"
	# legacyUninitvar does not see that a function which fails leaves its outputs alone.
	cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 --enable=warning,portability \
		--suppress=unknownMacro --suppress=legacyUninitvar -D_GNU_SOURCE -Ihelper -I. helper pam
}

test_lint_shellcheck_has_no_complaint() {
	command -v shellcheck || skip "no shellcheck"
	scripts | xargs shellcheck --external-sources
}

# With pipefail, what a program still writes when grep -q has ended makes the pipeline fail.
test_lint_tests_pipe_nothing_into_grep_q() {
	expect_failure grep -nE '[^|]\| *grep -[a-zA-Z]*q' tests/*/*.sh
}

test_lint_mandoc_has_no_complaint() {
	local page
	command -v mandoc || skip "no mandoc"
	for page in man/*.[1-8]; do
		mandoc -T lint -W warning "$page"
	done
}

# options_of_help SUBCOMMAND, options_of_manual SUBCOMMAND, options_of_completion SUBCOMMAND: long ones,
# sorted, without those that all have
options_of_help() {
	"${BUILD:-build}/carrel" help "$1" | sed '/^$/q' | long_options
}

options_of_manual() {
	mandoc -T ascii man/carrel.8 | sed "s/.\x08//g" |
		awk -v name="$1" '/^SYNOPSIS/ { on = 1 } /^DESCRIPTION/ { exit }
			on && /^ +carrel/ { is = $0 ~ "carrel (\\[--config file\\] )?" name "( |$)" } is' | long_options
}

options_of_completion() {
	bash -c '. conf/completion/carrel.bash; COMP_WORDS=(carrel "$1" --) COMP_CWORD=2; _carrel
		printf "%s\n" "${COMPREPLY[@]}"' _ "$1" | long_options
}

long_options() {
	grep -oE -e '--[a-z-]+' | grep -vxE -e '--(config|help)' | sort -u | xargs
}

test_lint_options_are_the_same_in_help_manual_and_completion() {
	local name names
	command -v mandoc || skip "no mandoc"
	names=$("${BUILD:-build}/carrel" help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p' | grep -vx help)
	expect_differ "$names" ""
	for name in $names; do
		expect_equal "$name: $(options_of_manual "$name")" "$name: $(options_of_help "$name")"
		expect_equal "$name: $(options_of_completion "$name")" "$name: $(options_of_help "$name")"
	done
	expect_equal "$(bash -c '. conf/completion/carrel.bash; COMP_WORDS=(carrel help ""); COMP_CWORD=2; _carrel
		printf "%s\n" "${COMPREPLY[@]}"' | grep -vx help | sort)" "$(sort <<<"$names")"
}

test_lint_every_source_names_its_licence() {
	local file
	while read -r -d '' file; do
		case $file in
		*.[ch]|*.sh|*.mk|Makefile|tests/host/bin/*)
			grep -q 'SPDX-License-Identifier: GPL-2.0-or-later' <(head -n 5 "$file") ||
				{ echo "$file"; false; } ;;
		esac
	done < <(project_files)
}

test_lint_every_message_about_a_configuration_is_shown_by_a_test() {
	tests/lint/messages.pl helper/core/*.c -- tests/unit/*.c
}

# The module runs in other people's processes: it is to bring no library into them.
test_lint_module_loads_libpam_only() {
	local found
	found=$(readelf -d "${BUILD:-build}/pam_carrel.so" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort | xargs)
	expect_equal "$found" "libc.so.6 libpam.so.0"
}

test_lint_module_exports_its_entry_points_only() {
	local found
	found=$(nm -D --defined-only "${BUILD:-build}/pam_carrel.so" | awk '{ print $3 }' | sort | xargs)
	expect_equal "$found" "pam_sm_close_session pam_sm_open_session"
}

# Capabilities come from the login process, never from the disk.
test_lint_install_sets_no_setuid_bit_and_no_capability() {
	local directory
	directory=$(mktemp -d)
	# shellcheck disable=SC2064  # as it is now
	trap "rm -rf '$directory'" EXIT
	make --no-print-directory -s install DESTDIR="$directory" BUILD="${BUILD:-build}"
	expect_equal "$(find "$directory" -perm /6000)" ""
	expect_equal "$(getcap -r "$directory")" ""
	# and uninstall leaves what the administrator may have edited, nothing else
	make --no-print-directory -s uninstall DESTDIR="$directory" BUILD="${BUILD:-build}"
	expect_equal "$(cd "$directory" && find . -type f)" ./etc/carrel/carrel.conf
}

run_tests "$@"
