#!/usr/bin/perl
# fuzz.t - a short run of every fuzz target over its committed seeds; `make fuzz` is the long one.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Site;
use Test::More;

my $seconds = $ENV{FUZZ_SECONDS} // 4;
for my $source (sort glob "$Site::ROOT/tests/fuzz/fuzz-*.c") {
	my ($target) = $source =~ m{(fuzz-[^/]+)\.c$};
	my @seeds    = glob "$Site::ROOT/tests/fuzz/corpus/$target/*";
	cmp_ok scalar @seeds, '>', 0, "$target has seeds";
	my $out = `LEADMILTER_BUILD=$Site::BUILD $Site::ROOT/tests/fuzz/run $seconds $target 2>&1`;
	is $?, 0, $out =~ s/\n.*//sr or diag $out;
}
done_testing;
