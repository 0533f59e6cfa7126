#!/usr/bin/perl
# lint.t - what the compiler can't see: layers, one library one file, documented options.

use strict;
use warnings;
use FindBin;
use Test::More;

chdir "$FindBin::Bin/../.." or die;

sub slurp { my ($p) = @_; open my $f, '<', $p or die "$p: $!"; local $/; return <$f> }

my @sources = grep { !m{^milter/.*\.tmp} } sort glob('milter/*.[ch] milter/*/*.[ch] milter/*/*.cc hooks/*/*.[ch]');
my %rank = ('milter/base' => 0, 'milter/mail' => 1, 'milter/lead' => 2, 'milter/store' => 3, hooks => 4, milter => 5);

sub layer {
	my ($path) = @_;
	return 'hooks' if $path =~ m{^hooks/};
	return $path =~ m{^(milter/\w+)/} ? $1 : 'milter';
}

# A file includes only its own layer or below.
my @wrong;
for my $file (@sources) {
	for my $include (slurp($file) =~ /^\s*#\s*include\s+"([^"]+)"/mg) {
		my $path = $include =~ m{^hooks/} ? $include : "milter/$include";
		if (!-e $path) {
			push @wrong, "$file includes $include, which is not there";
		} elsif ($rank{ layer($path) } > $rank{ layer($file) }) {
			push @wrong, "$file includes $include of a higher layer";
		}
	}
}
is_deeply(\@wrong, [], 'layers') or diag join "\n", @wrong;

# One third-party library, one file.
my %only = (
	'gmime/'           => [qr{^milter/mail/(parse|part)\.c}],
	'libxml/'          => [qr{^milter/mail/html\.c}],
	'libpsl\.h'        => [qr{^milter/mail/domain\.c}],
	'idn2\.h'          => [qr{^milter/mail/idn\.c}],
	'phonenumbers/'    => [qr{^milter/mail/phone\.cc}],
	'hs(_\w+)?\.h'     => [qr{^milter/mail/phrases\.c}],
	'confuse\.h'       => [qr{^milter/base/config_file\.c}],
	'csv\.h'           => [qr{^milter/base/csvfile\.c}],
	'sqlite3\.h'       => [qr{^milter/store/sqlite(_log)?\.c}],
	'libpq-'           => [qr{^milter/store/postgres(_\w+)?\.[ch]}],
	'curl/'            => [qr{^hooks/out/http\.c}],
	'openssl/'         => [qr{^(hooks/out/sign|hooks/out/certificate|milter/base/digest)\.c}],
	'(lua|lualib|lauxlib)\.h' => [qr{^hooks/out/lua(_\w+)?\.[ch]}],
	'libmilter/'       => [qr{^milter/filter\.c}],
	'systemd/'         => [qr{^milter/service\.c}],
);
@wrong = ();
for my $file (@sources) {
	for my $include (slurp($file) =~ /^\s*#\s*include\s+<([^>]+)>/mg) {
		for my $library (keys %only) {
			next unless $include =~ /^(?:lib)?$library/ || $include =~ /^$library/;
			push @wrong, "$file names <$include>" unless grep { $file =~ $_ } @{ $only{$library} };
		}
	}
}
is_deeply(\@wrong, [], 'one library, one file') or diag join "\n", @wrong;

# Nothing unfinished is shipped.
@wrong = ();
for my $file (@sources, glob('conf/*.conf conf/*/*.conf contrib/* Makefile README.md')) {
	next unless -f $file;
	my $line = 0;
	for (split /\n/, slurp($file)) {
		$line++;
		push @wrong, "$file:$line: $_" if /\b(TODO|FIXME|XXX|HACK)\b/;
	}
}
is_deeply(\@wrong, [], 'no unfinished work') or diag join "\n", @wrong;

# Every option of the table is in the manual and in the commented configuration.
my %option;
for (slurp('milter/base/config_options.c') =~ /^\s*\{ ("\w*", "\w+"), OPTION_/mg) {
	my ($section, $name) = /"(\w*)", "(\w+)"/;
	push @{ $option{$section} }, $name;
}
cmp_ok(scalar(map { @$_ } values %option), '>', 40, 'the option table was read');
my $manual = slurp('contrib/man/leadmilter.conf.5');
@wrong = ();
for my $section (sort keys %option) {
	for my $name (@{ $option{$section} }) {
		push @wrong, "leadmilter.conf(5) lacks $section $name" unless $manual =~ /^\.It Ic \Q$name\E\b/m;
	}
}
my $shipped = slurp('conf/leadmilter.conf');
for my $section ('', qw(mailbox owner assign endpoint form route notify)) {
	for my $name (@{ $option{$section} }) {
		push @wrong, "conf/leadmilter.conf lacks $section $name" unless $shipped =~ /^[#\s]*\Q$name\E\s*=/m;
	}
}
is_deeply(\@wrong, [], 'every option is documented') or diag join "\n", @wrong;

# Every command and option of leadctl is in leadctl(1).
my $leadctl = slurp('contrib/man/leadctl.1');
@wrong = ();
for my $file (glob 'milter/leadctl_*.c') {
	my $text = slurp($file);
	for ($text =~ /^\t\{ "([a-z ]+)",\s*\n?\s*"[^"]*",/mg) {
		push @wrong, "leadctl(1) lacks the command $_" unless $leadctl =~ /^\.It Cm \Q$_\E\b/m;
	}
	for ($text =~ /\{ "([a-z-]+)", (?:0|'.'), 0,\s*G_OPTION/g) {
		my $escaped = s/-/\\-/gr;
		push @wrong, "leadctl(1) lacks the option --$_" unless $leadctl =~ /-\Q$_\E\b|-\Q$escaped\E\b/;
	}
}
is_deeply(\@wrong, [], 'every command is documented') or diag join "\n", @wrong;

# leadctl --help names every option: the words of a command are those its function takes.
@wrong = ();
my $functions = 0;
for my $file ('milter/leadctl.c', glob 'milter/leadctl_*.c') {
	my $text = slurp($file);
	for my $function ($text =~ /^\w[^;{}]*\)\n\{\n.*?^\}/msg) {
		my @options = $function =~ /\{ "([a-z-]+)", (?:0|'.'), 0,\s*G_OPTION/g or next;
		my ($name) = $function =~ /leadctl_find\(\w+,\s*"([a-z -]+)"\)/;
		my ($words) = defined $name ? $text =~ /^\t\{ "\Q$name\E",\s*((?:"[^"]*"\s*)+),/m : $text;
		next unless defined $words;
		$functions++;
		push @wrong, map { "$file: the words of " . ($name // 'leadctl') . " lack --$_" }
		    grep { $words !~ /--\Q$_\E\b/ } @options;
	}
}
cmp_ok($functions, '>', 8, 'functions with options were read');
is_deeply(\@wrong, [], 'every option is in --help') or diag join "\n", @wrong;

# Every column of an import is in leadctl(1), and every kind.
my $tables = slurp('milter/lead/import.c');
my ($section) = $leadctl =~ /^\.It Cm import (.*?)^\.Ss /ms;
my @columns = $tables =~ /^\t\t\{ "(\w+)",/mg;
cmp_ok(scalar @columns, '>', 40, 'the columns of imports were read');
@wrong = grep { $section !~ /\b\Q$_\E\b/ } @columns, $tables =~ /^\t\[IMPORT_\w+\] = \{\s*"(\w+)"/mg;
is_deeply(\@wrong, [], 'every column of an import is documented') or diag join ' ', @wrong;

done_testing;
