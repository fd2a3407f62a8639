#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# translate.pl POOL4 POOL6 [HOST-ADDRESS...] <FILES >RULESET
#
# NAMED and BEHIND in the environment are whom the host's resolv.conf names, a stub among them, and
# whom that asks.
#
# A policy as nft text, written down a third time: from the policy's words, a rule for each
# protocol, family and remote end of a line, with nothing that would make it short or fast. Shares
# no code and no idea with the program; carrel.policy(5) is what both were made from. FILES are what
# tests/differential/random.h describes. No packet is above a limit, so there are none here.
use strict;
use warnings;

my ($pool4, $pool6, @host) = @ARGV;
my %family_of_word = (4 => 'ip', 6 => 'ip6');
my @private = qw(10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 169.254.0.0/16 127.0.0.0/8
	fc00::/7 fe80::/10 ::1);
my @metadata = qw(169.254.169.254 fd00:ec2::254);
# What a name may not mean: nothing of the internet, and what hides IPv4 in IPv6.
my @refused = (@private, qw(0.0.0.0/8 192.0.0.0/24 198.18.0.0/15 224.0.0.0/3
	::/32 64:ff9b:1::/48 100::/64 2001::/32 2002::/16 fec0::/10 ff00::/8));
my %default = (out => 'allow', in => 'deny');
my %rules = (out => [], in => []);
my (%files, %sets, %names, $rebind);
my @named = grep { $_ !~ /^127/ } my @all_named = split / /, $ENV{NAMED};
my @resolvers = split / /, $ENV{BEHIND};
my ($own, $enforced) = (0, 0);

sub family { return $_[0] =~ /:/ ? 6 : 4 }

sub elements {
	my ($family, @addresses) = @_;
	my @these = grep { family($_) == $family } @addresses;
	return @these ? 'elements = { ' . join(', ', @these) . ' };' : '';
}

# What is done with what matches: a list of endings, as TCP is refused in another way.
sub endings {
	my ($verdict) = @_;
	return 'accept' if $verdict eq 'allow';
	return 'drop' if $verdict eq 'deny';
	return ('meta l4proto tcp reject with tcp reset', 'reject with icmpx type admin-prohibited');
}

# The packets that one remote end means: a list of conditions, any of which is enough.
sub conditions {
	my ($direction, $remote, $believed) = @_;
	my $side = $direction eq 'out' ? 'daddr' : 'saddr';
	my @found;
	if (my ($name) = $remote =~ /^set:(.*)/) {
		return map { conditions($direction, $_) } @{$sets{$name}};
	}
	for my $family (4, 6) {
		my $field = "$family_of_word{$family} $side";
		# Outwards, the host and peers are meant by their words alone.
		my $world = $direction eq 'out' ? "$field != \@host$family $field != \@pool$family" : '';
		if ($names{$remote}) {
			my $only = $believed ? '' : "$field != \@refused$family";
			push @found, map { "$field $_ $only $world" }
				grep { family($_) == $family } @{$names{$remote}};
		} elsif ($remote eq 'any') {
			push @found, "meta nfproto ipv$family $world";
		} elsif ($remote eq 'internet') {
			push @found, "$field != \@private$family $world";
		} elsif ($remote eq 'private') {
			push @found, "$field \@private$family $world";
		} elsif ($remote eq 'metadata') {
			push @found, map { "$field $_ $world" } grep { family($_) == $family } @metadata;
		} elsif ($remote eq 'host') {
			push @found, "$field \@host$family";
		} elsif ($remote eq 'resolver') {
			my $resolver = "$field \@resolver$family";
			push @found, $direction eq 'in' ? $resolver
				: ("$resolver $field \@host$family", "$resolver $world");
		} elsif ($remote eq 'peers') {
			push @found, "$field \@pool$family"
				. ($direction eq 'out' ? " $field != \@host$family" : '');
		} elsif (family($remote) == $family) {
			push @found, $remote =~ m{/0$} ? "meta nfproto ipv$family $world"
						      : "$field $remote $world";
		}
	}
	return @found;
}

# A protocol, and of ICMP the types that are given: a list of conditions, any of which is enough.
sub protocols {
	my ($family, $protocol, $types) = @_;
	return '' if $protocol eq '';
	return "meta l4proto $protocol" if $protocol ne 'icmp';
	return 'meta l4proto { icmp, ipv6-icmp }' unless $types;
	my %absent = (4 => 'packet-too-big', 6 => 'timestamp-request');
	my $field = $family == 4 ? 'icmp type' : 'icmpv6 type';
	return map { "$field $_" } grep { $_ ne $absent{$family} } split /,/, $types;
}

sub rule {
	my ($believed, $verdict, $direction, $protocols, $types, $remotes, $ports) = @_;
	my @protocols = $protocols ? split(/,/, $protocols) : $ports ? ('tcp', 'udp') : ('');
	for my $remote (split /,/, $remotes // 'any') {
		for my $condition (conditions($direction, $remote, $believed)) {
			my $family = $condition =~ /ip6|ipv6/ ? 6 : 4;
			for my $l4 (map { protocols($family, $_, $types) } @protocols) {
				for my $port (split /,/, $ports // '') {
					push @{$rules{$direction}}, map { "$condition $l4 th dport $port $_" }
						endings($verdict);
				}
				push @{$rules{$direction}}, map { "$condition $l4 $_" } endings($verdict)
					unless $ports;
			}
		}
	}
}

# Who gets the n-th of the @$names' queries.
sub share {
	my ($n, $names, $resolvers) = @_;
	return $resolvers->[$n % @$resolvers] if @$names >= @$resolvers;
	return map { $resolvers->[$_] } grep { $_ % @$names == $n } 0 .. $#$resolvers;
}

sub dnat {
	my ($family, @to) = @_;
	my $number = 0;
	my $where = @to == 1 ? $to[0] : 'numgen random mod ' . @to . ' map { '
		. join(', ', map { $number++ . " : $_" } @to) . ' }';
	return "dnat $family_of_word{$family} to $where";
}

# Where queries go: rules of a chain that comes before all others.
sub redirections {
	my @found;
	for my $family (grep { my $f = $_; grep { family($_) == $f } @resolvers } 4, 6) {
		my $field = "$family_of_word{$family} daddr";
		my $query = "$field != \@resolver$family meta l4proto { tcp, udp } th dport 53";
		my @to = grep { family($_) == $family } @resolvers;
		my @names = grep { family($_) == $family } @all_named;
		for my $n ($own ? 0 .. $#names : ()) {
			push @found, "$field $names[$n] $query " . dnat($family, share($n, \@names, \@to));
		}
		push @found, "$query " . dnat($family, @to) if $enforced;
	}
	return @found;
}

# Queries of a family that has no resolver.
sub refusals {
	my @found;
	for my $family ($own ? (grep { my $f = $_; !grep { family($_) == $f } @resolvers } 4, 6) : ()) {
		my @whom = $enforced ? "meta nfproto ipv$family"
			: map { "$family_of_word{$family} daddr $_" } grep { family($_) == $family } @named;
		for my $whom (@whom) {
			push @found, "$whom tcp dport 53 reject with tcp reset",
				"$whom udp dport 53 reject with icmpx type admin-prohibited";
		}
	}
	return @found;
}

# The directive "dns", which stands before the other lines of the policy.
sub dns {
	for my $line (grep { /^dns / } @{$files{policy} // []}) {
		my (undef, $list, $word) = split / /, $line;
		($own, $enforced) = (1, ($word // '') eq 'enforced');
		@resolvers = split /,/, $list;
		rule(0, 'allow', 'out', 'tcp,udp', undef, 'resolver', '53');
	}
}

# One line of a policy, or of what decides before it.
sub line {
	my ($line, $overrides) = @_;
	$line =~ s/\s*"[^"]*"$//;
	$line =~ s/ log$// if $line !~ /^log/;
	$line =~ s/ limit \S+( burst \d+)?//;
	$line =~ s/\bset (\w+)/set:$1/g;
	return file($1, $overrides) if $line =~ /^include (.*)/;
	return if $line =~ /^(log|connections|rebind|dns) / || $line eq '';
	if ($line =~ s/^default //) {
		my %given = reverse split / /, $line;
		$default{$_} = $given{$_} for keys %given;
		return;
	}
	my ($verdict, $direction, @words) = split / /, $line;
	my ($protocols, $remotes, $ports);
	$protocols = shift @words if @words && $words[0] !~ /^(type|to|from|port)$/;
	my %part = @words;
	rule($rebind && !$overrides, $verdict, $direction, $protocols, $part{type},
		$part{to} // $part{from}, $part{port});
}

sub file {
	my ($name, $overrides) = @_;
	line($_, $overrides) for @{$files{$name} // []};
}

my $current = 'conf';
while (my $line = <STDIN>) {
	chomp $line;
	$line =~ /^=== (.*)/ ? ($current = $1) : push @{$files{$current}}, $line;
}
for my $line (@{$files{conf} // []}) {
	my (undef, $name, $addresses) = split / /, $line;
	$sets{$name} = [split /,/, $addresses] if defined $addresses;
}
for my $line (@{$files{names} // []}) {
	my ($name, @addresses) = split / /, $line;
	$names{$name} = \@addresses if defined $name;
}
# A name of which no address is known.
$names{$_} //= [] for qw(www.example moodle.example.edu);
$rebind = grep { $_ eq 'rebind ok' } map { @$_ } values %files;
file('overrides', 1);
dns();
file('policy', 0);

my $closed = $default{out} eq 'reject' ? 'reject' : 'deny';
print "flush ruleset\ntable inet model {\n";
for my $family (4, 6) {
	my $type = "type ipv${family}_addr; flags interval; auto-merge;";
	print "set host$family { $type ", elements($family, @host), " }\n";
	print "set pool$family { $type ", elements($family, $pool4, $pool6), " }\n";
	print "set private$family { $type ", elements($family, @private), " }\n";
	print "set refused$family { $type ", elements($family, @refused), " }\n";
	print "set resolver$family { $type ", elements($family, @resolvers), " }\n";
}
print "chain redirections { type nat hook output priority -100;\n", map({ "$_\n" } redirections()), "}\n";
print "chain output { type filter hook output priority 0; policy drop;\n",
	"oifname lo accept\nct state established,related accept\n",
	map { "$_\n" } refusals(), @{$rules{out}};
for my $special (map { ("ip daddr \@$_" . 4, "ip6 daddr \@$_" . 6) } 'host', 'pool') {
	print map { "$special $_\n" } endings($closed);
}
print map({ "$_\n" } endings($default{out})), "}\n",
	"chain input { type filter hook input priority 0; policy drop;\n",
	"iifname lo accept\nct state established,related accept\n",
	map({ "$_\n" } @{$rules{in}}), map({ "$_\n" } endings($default{in})), "}\n}\n";
