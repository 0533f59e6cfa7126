#!/usr/bin/perl
# unit.t - the page's sources: types against the interface's description, lint, pure modules.

use strict;
use warnings;
use Cwd qw(abs_path);
use File::Path qw(remove_tree);
use FindBin;
use Test::More;

my $root  = abs_path("$FindBin::Bin/../..");
my $build = $ENV{LEADMILTER_BUILD} ? abs_path($ENV{LEADMILTER_BUILD}) : "$root/build";
my $dev   = "$build/page-dev";

sub succeeds {
	my ($what, @command) = @_;
	my $output = qx{cd '$dev' && @command 2>&1};
	is $?, 0, $what or diag $output;
}

# The sources beside the modules they need.
remove_tree("$dev/src", "$dev/bundle");
system('cp', '-R', (map { "$root/hooks/page/$_" } qw(src tsconfig.json eslint.config.mjs build.mjs)), $dev) == 0
    or die "cp failed\n";
succeeds('the description gives types',
	"node_modules/.bin/openapi-typescript '$root/conf/api/openapi.json' --output src/schema.d.ts");
succeeds('types', 'node_modules/.bin/tsc');
succeeds('lint',  'node_modules/.bin/eslint .');

my @modules = qw(i18n router api format said ui/list ui/basic ui/chart ui/reporttable views/leads views/lead
    views/leadtimeline locales/en locales/de locales/ro locales/ru locales/zh);
my $modules = join ' ', map { -e "$dev/src/$_.tsx" ? "src/$_.tsx" : "src/$_.ts" } @modules;
succeeds('modules for node',
	"node_modules/.bin/esbuild $modules --outdir=bundle --outbase=src --bundle --splitting --platform=neutral"
	    . " --main-fields=module,main --format=esm --jsx=automatic --jsx-import-source=preact");
spew("$dev/bundle/package.json", qq({"type": "module"}\n));

{
	local $ENV{PAGE_BUNDLE} = "$dev/bundle";
	local $ENV{PAGE_SOURCE} = "$root/hooks/page/src";
	my $output = qx{node --test-reporter=tap '$root/tests/page/unit.mjs' 2>&1};
	is $?, 0, 'pure modules' or diag $output;
	my ($count) = $output =~ /^# pass (\d+)/m;
	cmp_ok $count // 0, '>', 10, 'all of them ran';
}

sub spew {
	my ($path, $text) = @_;
	open my $f, '>', $path or die "$path: $!";
	print $f $text;
	close $f or die "$path: $!";
}

done_testing;
