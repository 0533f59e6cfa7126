#!/usr/bin/perl
# build.t - the package itself: what is in it, lintian, hardening, the same bytes when built again, the
# unit and the AppArmor profile.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use File::Path qw(remove_tree);
use JSON::PP;
use Machine;
use Site;
use Test::More;

my $top = $Site::ROOT;
Machine::build_package();
my $version = Machine::version();
my $package = Machine::package_file();
my ($dbgsym) = glob "$Machine::DEBS/leadmilter-dbgsym_${version}_*.deb";
my $out;

subtest 'what is in it' => sub {
	my %mode = map { my @f = split ' '; ($f[5] =~ s/^\.//r, "$f[0] $f[1]") } split /\n/, Machine::command('dpkg-deb', '-c', $package);
	my @want = qw(/usr/sbin/leadmilter /usr/bin/leadctl /lib/systemd/system/leadmilter.service
		/usr/lib/sysusers.d/leadmilter.conf /usr/lib/tmpfiles.d/leadmilter.conf /etc/leadmilter/leadmilter.conf
		/etc/apparmor.d/usr.sbin.leadmilter /usr/share/leadmilter/lists/freemail.txt
		/usr/share/leadmilter/lists/phrases/en.phrases /usr/share/leadmilter/scorecards/shop.conf
		/usr/share/leadmilter/schemas/lead.schema.json /usr/share/leadmilter/adapters/odoo.lua
		/usr/share/leadmilter/api/openapi.json /usr/share/doc/leadmilter/README.Debian
		/usr/share/doc/leadmilter/copyright /usr/share/doc/leadmilter/examples/postfix-main.cf
		/usr/share/doc/leadmilter/examples/sendmail.mc
		/usr/share/doc/leadmilter/examples/nginx-leadmilter.conf);
	push @want, map { m{man/(.*\.(\d))$} && "/usr/share/man/man$2/$1.gz" } glob "$top/contrib/man/*.[0-9]";
	ok exists $mode{$_}, $_ for @want;
	is_deeply [ grep { $mode{$_} !~ m{root/root$} } sort keys %mode ], [], 'all of it belongs to root';
	is_deeply [ grep { m{^/(usr/local|opt|home|root|tmp|var)/} } sort keys %mode ], [], 'nothing where it should not be';
	is Machine::command('dpkg-deb', '--ctrl-tarfile', $package) =~ /conffiles/ ? 1 : 0, 1, 'it has conffiles';
	is Machine::command('dpkg-deb', '-I', $package, 'conffiles'),
	    "/etc/apparmor.d/usr.sbin.leadmilter\n/etc/leadmilter/leadmilter.conf\n", 'those in /etc';
	like Machine::command('dpkg-deb', '-f', $package, 'Depends'), qr/\blibsqlite3-0\b.*\blibvectorscan5\b/, 'libraries it needs';
	ok $dbgsym, 'debug symbols are a package of their own';
	is $version, Machine::command('dpkg-deb', '-f', $package, 'Version') =~ s/\n//r, 'its version is the Makefile\'s';
	like Site::slurp("$top/contrib/debian/changelog"), qr/\Aleadmilter \(\Q$version\E\)/, '  and the changelog\'s';
	ok !-e "$top/debian", 'the source tree has no debian/ at its top';
};

subtest 'lintian' => sub {
	plan skip_all => 'lintian is not installed' if system('command -v lintian >/dev/null');
	$out = Machine::command('lintian', '--allow-root', '--fail-on', 'error,warning', '--tag-display-limit', '0',
		glob "$Machine::DEBS/leadmilter_${version}_*.changes");
	is $?, 0, 'no error, no warning' or diag $out;
	ok !glob("$top/contrib/debian/*overrides*"), 'and no overrides' or diag 'each needs a reason, and this test to know it';
};

subtest 'hardened' => sub {
	my $root = "$Machine::DEBS/unpacked";
	remove_tree($root);
	Machine::must('dpkg-deb', '-x', $package, $root);
	for my $program ("$root/usr/sbin/leadmilter", "$root/usr/bin/leadctl") {
		my ($name)  = $program =~ m{([^/]+)$};
		my $headers = Machine::must('readelf', '-Wlhd', $program);
		like $headers, qr/Type:\s+DYN/,                     "$name: position independent";
		like $headers, qr/GNU_RELRO/,                       '  relocations read-only';
		like $headers, qr/BIND_NOW|FLAGS.*NOW/,             '  bound at start';
		like $headers, qr/GNU_STACK\s+(\S+\s+){5}RW\s/,     '  no code on the stack';
		like Machine::must('readelf', '-W', '--dyn-syms', $program), qr/__\w+_chk\b/, '  checked string functions';
		unlike $headers, qr/R(UN)?PATH/, '  libraries from the system only';
		like Machine::must('file', '-b', $program), qr/stripped/, '  stripped' if !system('command -v file >/dev/null');
		like Machine::must($program, '--version'), qr/\Q$version\E/, '  knows its version' if $name eq 'leadmilter';
	}
	remove_tree($root);
};

subtest 'built again, elsewhere and at another time' => sub {
	my $again = "$Site::BUILD/package/another-place-for-it";
	local $ENV{TZ} = 'Pacific/Chatham';
	local $ENV{LC_ALL} = 'C.UTF-8';
	my $umask = umask 0002;
	$out = Machine::make('deb', "B=$again");
	umask $umask;
	for my $file ($package, $dbgsym) {
		my ($name) = $file =~ m{([^/]+)$};
		is system('cmp', $file, "$again/deb/$name"), 0, "$name is the same" or diag $out;
	}
	remove_tree($again);
};

subtest 'the unit' => sub {
	plan skip_all => 'systemd-analyze is not installed' if system('command -v systemd-analyze >/dev/null');
	my $unit = "$top/contrib/leadmilter.service";
	$out = Machine::command('systemd-analyze', 'security', '--offline=yes', '--threshold=20', $unit);
	is $?, 0, 'exposure is 2.0 at most' or diag $out;
	my ($exposure) = $out =~ /exposure level.*?: ([\d.]+)/;
	cmp_ok $exposure, '<=', 1.5, "  $exposure";
	my $text = Site::slurp($unit);
	like $text, qr/^\Q$_\E/m, $_
	    for qw(SystemCallFilter=@system-service MemoryDenyWriteExecute=yes PrivateUsers=yes ProtectProc=invisible
		MemoryMax= TasksMax= WatchdogSec= UMask=0077), "CapabilityBoundingSet=\n";
};

subtest 'AppArmor' => sub {
	plan skip_all => 'apparmor_parser is not installed' if system('command -v apparmor_parser >/dev/null');
	for my $profile (glob "$top/contrib/apparmor/*") {
		$out = Machine::command('apparmor_parser', '--skip-kernel-load', '--skip-cache', $profile);
		is $?, 0, "$profile is a profile" or diag $out;
	}
};

subtest 'copyright' => sub {
	my $copyright = Site::slurp("$top/contrib/debian/copyright");
	like $copyright, qr{^Format: https://www\.debian\.org/doc/packaging-manuals/copyright-format/1\.0/\n}, 'DEP-5';
	my %defined = map { $_ => 1 } $copyright =~ /^License: (\S+)\n [^\n]/mg;
	ok $defined{$_}, "the text of $_" for grep { $_ ne 'and' } map { split ' ' } $copyright =~ /^License: (.*)\n(?! )/mg;
	for my $list (qw(freemail disposable)) {
		my ($paragraph) = $copyright =~ m{^Files: conf/lists/$list\.txt\n(.*?)\n\n}ms;
		my @sources = Site::slurp("$top/conf/lists/$list.txt") =~ /^#   ([\w-]+)@/mg;
		ok @sources && $paragraph, "$list.txt has sources";
		like $paragraph, qr/\b\Q$_\E\b/, "  $_ is named" for @sources;
	}
	my $lock = decode_json(Site::slurp("$top/hooks/page/package-lock.json"))->{packages};
	for my $path (sort grep { length && !$lock->{$_}{dev} && !$lock->{$_}{optional} } keys %$lock) {
		my $name = $path =~ s{^.*node_modules/}{}r;
		like $copyright, qr/(^|[\s,;])\Q$name\E[\s,;]/m, "$name, in the page, is named";
	}
};

done_testing;
