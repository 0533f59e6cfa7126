#!/usr/bin/perl
# schema.t - what we show to others is as conf/schemas say: the golden events, and what
# `leadctl inspect --json` and `leadctl score --json` print of the demo's mails.

use strict;
use warnings;
use File::Temp qw(tempdir);
use FindBin;
use JSON::PP;
use Test::More;

my $top    = "$FindBin::Bin/../..";
my $build  = $ENV{LEADMILTER_BUILD} // "$top/build";
my $npm    = $ENV{LEADMILTER_NPM} // "$build/npm";
my $dir    = tempdir(CLEANUP => 1);
my @events = sort glob "$top/tests/data/events/*.json";
my @mails  = sort glob "$top/tests/demo/mails/*.eml";
$ENV{LEADMILTER_NPM}      = $npm;
$ENV{LEADMILTER_CONF_DIR} //= "$top/conf";

sub slurp { my ($p) = @_; open my $f, '<', $p or die "$p: $!"; local $/; return <$f> }
sub spurt { my ($p, $t) = @_; open my $f, '>', $p or die "$p: $!"; print $f $t; close $f or die }

sub validate {
	my ($schema, @files) = @_;
	open my $out, '-|', 'node', "$FindBin::Bin/schema.mjs", $schema, @files or die "node: $!";
	my $printed = do { local $/; <$out> };
	close $out;
	return decode_json($printed);
}

my $got = validate('event', @events);
is_deeply($got, { documents => scalar @events, problems => [] }, 'golden events') or diag explain $got;

# The schemas are no empty promise: an event without any one of its keys is not valid.
sub paths {
	my ($value, @path) = @_;
	return map { my $key = $_; ([@path, $key], paths($value->{$key}, @path, $key)) } sort keys %$value
		if ref $value eq 'HASH';
	return map { paths($value->[$_], @path, $_) } 0 .. $#$value if ref $value eq 'ARRAY';
	return;
}

sub without {
	my ($text, @path) = @_;
	my $event = decode_json($text);
	my $last  = pop @path;
	my $at    = $event;
	$at = ref $at eq 'HASH' ? $at->{$_} : $at->[$_] for @path;
	delete $at->{$last};
	return encode_json($event);
}

my $whole = slurp("$top/tests/data/events/lead.updated.json");
my (@cut, @names);
for my $path (paths(decode_json($whole))) {
	next if "@$path" eq 'type';
	spurt("$dir/cut" . @cut . '.json', without($whole, @$path));
	push @names, join '.', @$path;
	push @cut, "$dir/cut" . @cut . '.json';
}
$got = validate('event', @cut);
my %noticed = map { m{/cut(\d+)\.json: } ? ($names[$1] => 1) : () } @{ $got->{problems} };
is_deeply([ grep { !$noticed{$_} } @names ], [], scalar(@names) . ' keys are required');

SKIP: {
	skip 'no leadctl', 4 unless -x "$build/leadctl";
	for my $command (qw(inspect score)) {
		my $printed = qx{"$build/leadctl" -c "$top/tests/data/lead/leadmilter.conf" --json $command @mails};
		spurt("$dir/$command.jsonl", $printed);
		$got = validate('inspect', "$dir/$command.jsonl");
		is_deeply($got, { documents => scalar @mails, problems => [] }, "leadctl $command --json")
			or diag explain $got;
	}
	my $card = slurp("$top/conf/scorecards/default.conf");
	$card =~ s/(rule "wrote" \{.*?points = )8/${1}30/s or die 'no rule "wrote"';
	spurt("$dir/new.conf", $card);
	my $printed = qx{"$build/leadctl" --json score --diff "$top/conf/scorecards/default.conf" "$dir/new.conf" @mails};
	spurt("$dir/diff.jsonl", $printed);
	$got = validate('score-diff', "$dir/diff.jsonl");
	is_deeply($got->{problems}, [], 'leadctl score --diff --json') or diag explain $got;
	cmp_ok($got->{documents}, '>', 5, '  messages and a summary');
}

done_testing;
