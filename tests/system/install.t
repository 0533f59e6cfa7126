#!/usr/bin/perl
# install.t - what make install puts where, and that it works from there.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use File::Find;
use Site;
use Test::More;

my $top = $Site::ROOT;
delete $ENV{LEADMILTER_CONF_DIR};
delete @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL)};

sub install {
	my ($destination, @more) = @_;
	my $out = `make -C $top --no-print-directory B=$Site::BUILD DESTDIR=$destination @more install 2>&1`;
	is $?, 0, "make install @more" or diag $out;
}

# path => octal mode, of the files below a directory
sub tree {
	my ($root) = @_;
	my %mode;
	find({ no_chdir => 1, wanted => sub {
		$mode{ substr $File::Find::name, length $root } = sprintf '%04o', (stat $_)[2] & 07777 if -f $_;
	} }, $root);
	return \%mode;
}

my $site = Site->new;
my $root = "$site->{dir}/root";
install($root, 'prefix=/usr');

subtest 'files and modes' => sub {
	my $got  = tree($root);
	my %want = (
		'/usr/sbin/leadmilter'                   => '0755',
		'/usr/bin/leadctl'                       => '0755',
		'/usr/share/man/man1/leadctl.1'          => '0644',
		'/usr/share/man/man5/leadmilter.conf.5'  => '0644',
		'/usr/share/man/man8/leadmilter.8'       => '0644',
		'/usr/share/man/man7/leadmilter-adapters.7' => '0644',
		'/usr/share/man/man7/leadmilter-monitoring.7' => '0644',
		'/usr/share/man/man7/leadmilter-log.7' => '0644',
		'/usr/share/leadmilter/grafana/leadmilter.json' => '0644',
		'/usr/share/leadmilter/prometheus/leadmilter.rules.yml' => '0644',
		'/usr/share/leadmilter/prometheus/leadmilter.rules.test.yml' => '0644',
		'/usr/share/leadmilter/prometheus/leadmilter.days.test.yml' => '0644',
		'/etc/leadmilter/leadmilter.conf'        => '0640',
	);
	for my $file (`cd $top && find conf -type f`) {
		chomp $file;
		my $place = $file =~ s{^conf/}{/usr/share/leadmilter/}r;
		next if $file !~ m{^conf/(schemas/.*\.json|scorecards/.*\.conf|lists/[^/]*\.txt|lists/phrases/.*)$};
		$want{$place} = '0644';
	}
	$want{'/usr/share/leadmilter/api/openapi.json'} = '0644';
	for my $file (`cd $top && find hooks/adapters tests/data/adapters -type f`) {
		chomp $file;
		my $place = $file =~ s{^hooks/adapters/}{}r =~ s{^tests/data/adapters/}{examples/}r;
		$want{"/usr/share/leadmilter/adapters/$place"} = '0644';
	}
	cmp_ok scalar(keys %want), '>', 20, 'there is something to install';
	is_deeply $got, \%want, 'all of it, nothing else';
	for my $file (sort grep { m{^/etc|/(?:schemas|lists|scorecards)/} } keys %want) {
		my $source = $file =~ s{^/(?:usr/share|etc)/leadmilter/}{conf/}r;
		is Site::slurp("$root$file"), Site::slurp("$top/$source"), "$file is $source";
	}
};

subtest 'manual pages' => sub {
	plan skip_all => 'mandoc is not installed' if system('command -v mandoc >/dev/null') != 0;
	for my $page (glob "$root/usr/share/man/man*/*") {
		my ($name) = $page =~ m{([^/]+)$};
		my $out = `mandoc -T lint -W error $page 2>&1`;
		is $out, '', "$name has no errors";
		$out = `mandoc -T utf8 $page 2>&1`;
		is $?, 0, '  renders';
		$out =~ s/.\x08//g;
		like $out, qr/NAME.*SYNOPSIS|NAME.*DESCRIPTION/s, '  has its sections';
	}
};

# The administrator's own file stays; what is ours to update is updated.
subtest 'installing again' => sub {
	my $conf = "$root/etc/leadmilter/leadmilter.conf";
	my $list = "$root/usr/share/leadmilter/lists/role.txt";
	Site::spew($conf, "# mine\n");
	Site::spew($list, "old\n");
	install($root, 'prefix=/usr');
	is Site::slurp($conf), "# mine\n", 'leadmilter.conf stays';
	is Site::slurp($list), Site::slurp("$top/conf/lists/role.txt"), 'lists are renewed';
	unlink $conf;
	install($root, 'prefix=/usr');
	is Site::slurp($conf), Site::slurp("$top/conf/leadmilter.conf"), 'a lost one is put back';
};

# The shipped configuration with nothing changed but where things live.
sub adapted {
	my $conf = Site::slurp("$root/etc/leadmilter/leadmilter.conf");
	my $run  = "$site->{dir}/run";
	$conf =~ s{^# (socket = "unix:)/run/leadmilter}{$1$run}m           or die 'socket';
	$conf =~ s{^# (control_socket = ")/run/leadmilter}{$1$run}m        or die 'control_socket';
	$conf =~ s{^# (store = "sqlite:)/var/lib/leadmilter}{$1$site->{dir}}m or die 'store';
	$conf =~ s{^# (spool_directory = ")/var/lib/leadmilter}{$1$site->{dir}}m or die 'spool';
	$conf =~ s{^# (log_target = ")syslog}{$1stderr}m                   or die 'log';
	return $conf;
}

subtest 'the shipped configuration works' => sub {
	my $daemon = "$root/usr/sbin/leadmilter";
	my $leadctl = "$root/usr/bin/leadctl";
	my $conf = "$root/etc/leadmilter/leadmilter.conf";
	my $out = `$daemon -t -c $conf 2>&1`;
	is $?, 0, 'leadmilter -t takes it as it is' or diag $out;
	Site::spew($conf, adapted());
	$out = `$daemon -t -c $conf 2>&1`;
	is $?, 0, 'and with other places' or diag $out;
	like $out, qr/^\Q$conf\E: ok$/, '  says so';
	$out = `$leadctl -c $conf check 2>&1`;
	is $?, 0, 'leadctl check' or diag $out;
	like $out, qr/ok: 1 mailboxes, 0 endpoints, 1 scorecards/, '  what it holds';
	$out = `$leadctl -c $conf --json score --rcpt sales\@example.com $top/tests/demo/mails/*.eml 2>&1`;
	is $?, 0, 'leadctl score' or diag $out;
	like $out, qr/"scorecard":"default"/, '  with the installed scorecard';
	like $out, qr/"freemail":true/, '  and the installed lists';
	$out = `$leadctl -c $conf adapter list 2>&1`;
	like $out, qr/^odoo\b/m, '  and the installed adapters, whatever prefix it was built for';
	my $pid = $site->start_process('installed', command => [ $daemon, '-f', '-c', $conf ]);
	Site::wait_for('the daemon', sub { -S "$site->{dir}/run/leadmilter.sock" && $site->daemon_answers });
	is sprintf('%04o', (stat "$site->{dir}/run/leadmilter.sock")[2] & 07777), '0660', 'the daemon serves';
	is sprintf('%04o', (stat "$site->{dir}/run/control.sock")[2] & 07777), '0600', '  the control socket is its own';
	is $site->stop_process($pid), 0, '  and ends';
};

# Every commented option is one, with the default it shows.
subtest 'what is commented out may be taken in' => sub {
	my $text = Site::slurp("$top/conf/leadmilter.conf");
	my $count = ($text =~ s/^# (\w+ = (?:\{[^}\n]*\}|"[^"\n]*"|\w+))/$1/mg);
	cmp_ok $count, '>', 25, "$count options";
	$text =~ s/^#( \w+ "[^"]*" \{)/$1/mg;
	$text =~ s{^#(\t| \})}{$1}mg;
	$text =~ s{file:/etc/leadmilter/[\w.]+}{whsec_bGVhZG1pbHRlciBkZW1vIHNlY3JldCBrZXkgMDE=}g;
	my $path = "$root/etc/leadmilter/all.conf";
	Site::spew($path, $text);
	my $out = `$root/usr/sbin/leadmilter -t -c $path 2>&1`;
	is $?, 0, 'all of them together' or diag $out;
	like `$root/usr/bin/leadctl -c $path --json check 2>&1`, qr/"endpoints":2/, 'and the endpoints';
};

subtest 'other prefixes' => sub {
	my $local = "$site->{dir}/local";
	install($local);
	my $got = tree($local);
	ok $got->{$_}, $_
	    for '/usr/local/sbin/leadmilter', '/usr/local/bin/leadctl', '/usr/local/share/man/man8/leadmilter.8',
	    '/usr/local/share/leadmilter/schemas/event.schema.json', '/etc/leadmilter/leadmilter.conf';
	install("$site->{dir}/opt", 'prefix=/opt/x', 'sysconfdir=/opt/x/etc');
	ok -e "$site->{dir}/opt/opt/x/$_", "/opt/x/$_" for 'sbin/leadmilter', 'share/leadmilter/lists/freemail.txt';
};

done_testing;
