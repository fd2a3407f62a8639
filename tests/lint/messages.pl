#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# messages.pl SOURCE... -- TEST...
#
# What can be said about a configuration or a policy, by the sources, and no test shows: prints each
# such message with its place, and exits 1 if there is one. A test shows a message when what is fixed in
# it stands, in the same order, in one of the test's strings.
use strict;
use warnings;

# Functions that report, with the arguments that are text: a format, or the name of what is missing
# ("is not WHAT", "missing WHAT"), or what to write instead.
my %reporters = (
	error_at => { 2 => 'format' }, lexer_error => { 2 => 'format' },
	diagnostic_add => { 3 => 'format' },
	lexer_refuse => { 2 => 'what', 3 => 'expected' }, lexer_expect => { 1 => 'what' },
	lexer_expect_end => { 1 => 'expected' },
	value_prefix => { 2 => 'what', 3 => 'expected' }, value_range => { 2 => 'what' },
	value_number => { 2 => 'what' }, value_duration => { 2 => 'what' }, value_text => { 2 => 'what' },
);
my $literal = qr/"(?:[^"\\]|\\.)*"/;

sub slurp {
	my ($file) = @_;
	open(my $in, '<', $file) or die "$file: $!\n";
	local $/;
	my $text = <$in>;
	# Comments may have quotes in them.
	$text =~ s{($literal)|/\*.*?\*/}{defined $1 ? $1 : ' '}gse;
	return $text;
}

# Strings of a piece of code, those that stand beside each other as one: "a" MACRO "b" too.
sub strings {
	my ($code) = @_;
	my @found;
	while ($code =~ /($literal(?:(?:\s|\\\n)*[A-Za-z_0-9]*(?:\s|\\\n)*$literal)*)/g) {
		my $group = $1;
		push @found, join('', map { substr($_, 1, -1) } $group =~ /$literal/g);
	}
	return @found;
}

# A test's text with what its macros of strings stand for.
sub with_macros {
	my ($text) = @_;
	my %macro = $text =~ /^#define (\w+) ((?:$literal|[ \t]|\\\n)+)$/mg;
	$text =~ s/($literal)|\b(\w+)\b/defined $1 ? $1 : $macro{$2} \/\/ $2/ge;
	return $text;
}

# The arguments of the call whose opening parenthesis was just read.
sub arguments {
	my ($text, $at) = @_;
	my ($depth, $current, @found) = (0, '');
	pos($text) = $at;
	while ($text =~ /\G($literal|'(?:[^'\\]|\\.)*'|.)/gcs) {
		my $piece = $1;
		if ($depth == 0 && ($piece eq ',' || $piece eq ')')) {
			push @found, $current;
			return @found if $piece eq ')';
			$current = '';
			next;
		}
		$depth++ if $piece =~ /^[(\[{]$/;
		$depth-- if $piece =~ /^[)\]}]$/;
		$current .= $piece;
	}
	return @found;
}

my (@sources, @tests);
push @sources, shift while @ARGV && $ARGV[0] ne '--';
shift;
@tests = @ARGV;
my @shown = map { strings(with_macros(slurp($_))) } @tests;

# Does a string of the tests have all of @$parts, one behind the other?
sub is_shown {
	my $pattern = join('.*', map { quotemeta } @_);
	return scalar grep { /$pattern/s } @shown;
}

sub is_missing {
	my ($kind, $text) = @_;
	return !is_shown(map { s/^\s+|\s+$//gr } grep { /\S/ } split(/%%|%[-0-9.*]*(?:z|l|ll|j)?[a-zA-Z]/, $text)) if $kind eq 'format';
	return !is_shown("is not $text") && !is_shown("missing $text") && !is_shown("for $text;") if $kind eq 'what';
	return !is_shown($text);
}

my ($missing, $looked_at) = (0, 0);
for my $file (@sources) {
	my $text = slurp($file);
	my %constant = map { /(\w+)\[\]\s*=\s*((?:\s*$literal)+)/ ? ($1, $2) : () }
		$text =~ /static const char \w+\[\]\s*=\s*(?:\s*$literal)+/g;
	while ($text =~ /\b(\w+)\(/g) {
		my $texts = $reporters{$1} or next;
		my $name = $1;
		my @given = arguments($text, pos($text));
		for my $index (sort keys %$texts) {
			my $argument = $given[$index] // next;
			$argument =~ s/^\s+|\s+$//g;
			for my $string (strings($constant{$argument} // $argument)) {
				$looked_at++;
				next unless is_missing($texts->{$index}, $string);
				print "$file, $name(): no test shows \"$string\"\n";
				$missing++;
			}
		}
	}
}
die "no message was found: are the names of the functions right?\n" unless $looked_at > 50;
exit($missing ? 1 : 0);
