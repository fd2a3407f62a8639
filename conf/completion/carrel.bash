# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# bash completion for carrel(8); needs nothing but bash.

# Logins that have a carrel. Names with characters that the shell knows are left out:
# compgen would expand them.
_carrel_users() {
	carrel list 2>/dev/null | awk 'NR > 1 && $1 ~ /^[A-Za-z0-9._@-]+$/ { print $1 }'
}

# Policies that an assignment can name.
_carrel_policies() {
	local file
	for file in /etc/carrel/policies/*.policy /usr/share/carrel/policies/*.policy; do
		[[ ! -e $file || $file = */overrides.policy ]] || basename "$file" .policy
	done
}

# Hosts that policies name.
_carrel_names() {
	awk '$1 == "name" { print $2 }' /run/carrel/names 2>/dev/null
}

# _carrel_words WORDS: those that begin with the word under the cursor.
_carrel_words() {
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "${COMP_WORDS[COMP_CWORD]}")
}

_carrel_files() {
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
}

# The command behind "exec USER --", or "run POLICY --", completes as it would alone.
# _carrel_command INDEX: where it begins.
_carrel_command() {
	if declare -F _command_offset >/dev/null; then
		_command_offset "$1"
	elif ((COMP_CWORD == $1)); then
		mapfile -t COMPREPLY < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}")
	else
		_carrel_files
	fi
}

_carrel() {
	local subcommands='list show exec check explain plan apply diff repair run status log remove gc refresh doctor help'
	local subcommand='' user='' word i
	COMPREPLY=()

	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		--config | --service | --from | --policy | --user | --state) i=$((i + 1)) ;;
		--)
			if [[ $subcommand == @(exec|run) && $user ]]; then
				_carrel_command $((i + 1))
				return
			fi
			;;
		-*) ;;
		*)
			if [[ ! $subcommand ]]; then
				subcommand=$word
			else
				user=$word
			fi
			;;
		esac
	done

	case ${COMP_WORDS[COMP_CWORD - 1]} in
	--config | --state)
		_carrel_files
		return
		;;
	--service)
		_carrel_words "$(cd /etc/pam.d 2>/dev/null && printf '%s\n' *)"
		return
		;;
	--from) return ;;
	--user)
		_carrel_words "$(compgen -u)"
		return
		;;
	--policy)
		_carrel_words "$(_carrel_policies)"
		return
		;;
	esac

	case $subcommand in
	'') _carrel_words "$subcommands --config --help --version" ;;
	list | status) _carrel_words '--config --json --help' ;;
	log) _carrel_words "$([[ $user ]] || _carrel_users) --config --follow --json --syslog --state --help" ;;
	doctor) _carrel_words '--config --coverage --json --help' ;;
	plan) _carrel_words "$([[ $user ]] || compgen -u) --config --json --nft --service --from --help" ;;
	apply | repair) _carrel_words "$(_carrel_users) --config --dry-run --json --help" ;;
	gc) _carrel_words '--config --dry-run --json --help' ;;
	refresh) _carrel_words "$(_carrel_names) --config --follow --json --help" ;;
	show | diff) _carrel_words "$([[ $user ]] || _carrel_users) --config --json --help" ;;
	remove) _carrel_words "$([[ $user ]] || _carrel_users) --config --help" ;;
	exec)
		if [[ $user ]]; then
			_carrel_words '--'
		else
			_carrel_words "$(compgen -u) --config --service --from --help"
		fi
		;;
	run)
		if [[ $user ]]; then
			_carrel_words '--'
		else
			_carrel_words "$(_carrel_policies) --config --user --help"
		fi
		;;
	check)
		if [[ ${COMP_WORDS[COMP_CWORD]} == -* ]]; then
			_carrel_words '--config --json --help'
		else
			_carrel_files
		fi
		;;
	explain)
		if [[ $user ]]; then
			_carrel_words 'out in tcp udp sctp icmp'
		else
			_carrel_words "$(compgen -u) --config --json --service --from --policy --help"
		fi
		;;
	help) _carrel_words "$subcommands" ;;
	esac
}

complete -F _carrel carrel
