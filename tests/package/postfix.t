#!/usr/bin/perl
# postfix.t - the package's life on a Debian machine with Postfix: installed, connected as README.Debian
# says, a mail becomes a lead, upgraded from an older version and schema, removed, purged.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP;
use Machine;
use Site;
use Test::More;

plan skip_all => 'a machine is made by root only: run `sudo make check-deb`' if $>;

my $top = $Site::ROOT;
my $machine = Machine->new;
my $old = older_package();
my ($out, $before);

note $machine->booted ? 'systemd runs on the machine' : 'the machine has no systemd: its unit is not tested';

# The package as a version before would have been: another number, another shipped configuration.
sub older_package {
	my $tree = "$machine->{dir}/older";
	Machine::must('dpkg-deb', '-R', Machine::package_file(), $tree);
	my $control = Site::slurp("$tree/DEBIAN/control");
	$control =~ s/^Version: .*/Version: 0.0.9/m;
	Site::spew("$tree/DEBIAN/control", $control);
	my $conf = "$tree/etc/leadmilter/leadmilter.conf";
	Site::spew($conf, Site::slurp($conf) . "\n# The end of version 0.0.9.\n");
	Site::spew("$tree/usr/share/leadmilter/lists/gone.txt", "version 0.0.9 had this\n");
	Machine::must('dpkg-deb', '--root-owner-group', '-Znone', '-b', $tree, "$machine->{dir}/leadmilter_0.0.9_amd64.deb");
	return "$machine->{dir}/leadmilter_0.0.9_amd64.deb";
}

sub leads {
	my @leads = map { decode_json($_) } grep { /^\{/ } split /\n/, $machine->run('leadctl --json leads');
	return { map { $_->{address} => $_ } @leads };
}

sub edit {
	my ($path, @pairs) = @_;
	my $text = $machine->read_file($path);
	while (my ($from, $to) = splice @pairs, 0, 2) {
		$text =~ s/$from/$to/m or die "$path: no $from";
	}
	$machine->write_file($path, $text);
}

subtest 'apt install' => sub {
	$before = $machine->files;
	$out = $machine->install($old);
	is $machine->{status}, 0, 'succeeds' or diag $out;
	like $out, qr{/usr/share/doc/leadmilter/README\.Debian}, '  and says where to read on';
	is $machine->run('leadmilter --version; leadctl --help >/dev/null; echo $?') =~ s/^.*\n//r, "0\n", 'the programs run';
	like $machine->run('getent passwd leadmilter'), qr{:/var/lib/leadmilter:/usr/sbin/nologin$}, 'its user can not log in';
	is $machine->run('stat -c "%a %U %G" /etc/leadmilter/leadmilter.conf'), "640 root leadmilter\n",
	    'the configuration is for root and the daemon';
	is $machine->run('test ! -e /var/spool/postfix; echo $?'), "0\n", 'no Postfix is made up';
};

subtest 'the service after the installation' => sub {
	plan skip_all => 'no systemd' unless $machine->booted;
	is $machine->run('systemctl is-active leadmilter; systemctl is-enabled leadmilter'), "active\nenabled\n", 'runs, and will';
	is $machine->run('stat -c "%a %U %G" /var/lib/leadmilter /var/lib/leadmilter/leadmilter.db'),
	    "750 leadmilter leadmilter\n600 leadmilter leadmilter\n", 'its store is its own';
	is $machine->run(q(awk '$4 == "0A"' /proc/net/tcp /proc/net/tcp6)), '', 'no port is open';
	like $machine->run('systemctl show -p StatusText leadmilter'), qr{=serving unix:/run/leadmilter}, 'its status';
	my $pid = $machine->daemon;
	my %status = $machine->run("cat /proc/$pid/status") =~ /^(\w+):\s*(.*)/mg;
	is $status{NoNewPrivs}, 1, 'no new privileges';
	is $status{Seccomp}, 2, 'system calls are filtered';
	is $status{$_}, '0' x 16, "no capabilities ($_)" for qw(CapEff CapPrm CapBnd CapAmb);
	is $status{Groups} =~ s/\s+$//r, $machine->run('id -g leadmilter') =~ s/\n//r, 'no further groups';
	isnt $machine->run("readlink /proc/$pid/ns/$_"), $machine->run("readlink /proc/1/ns/$_"), "a $_ namespace of its own"
	    for qw(mnt user);
};

subtest 'Postfix, connected as README.Debian says' => sub {
	$machine->run(q(echo 'postfix postfix/main_mailer_type select Internet Site' | debconf-set-selections;
		echo 'postfix postfix/mailname string example.com' | debconf-set-selections; useradd -m sales; useradd -m ion));
	$out = $machine->install('postfix');
	is $machine->{status}, 0, 'apt install postfix' or diag $out;
	unlike $machine->read_file('/etc/postfix/main.cf'), qr/leadmilter/, 'we wrote nothing into main.cf';
	$machine->run('postfix start') unless $machine->booted;
	like $machine->read_file('/etc/postfix/master.cf'), qr/^smtp\s+inet\s+n\s+-\s+y\s/m, 'smtpd is in its chroot';
	edit('/etc/leadmilter/leadmilter.conf', '^# socket = .*', 'socket = "unix:/var/spool/postfix/leadmilter/milter.sock"');
	is $machine->run('leadmilter -t'), "/etc/leadmilter/leadmilter.conf: ok\n", 'leadmilter -t';
	$out = $machine->service('restart');
	is $machine->{status}, 0, 'restart' or diag $machine->journal;
	is $machine->run('stat -c "%a %U %G" /var/spool/postfix/leadmilter /var/spool/postfix/leadmilter/milter.sock'),
	    "2750 leadmilter postfix\n660 leadmilter postfix\n", 'the socket is Postfix\' to open';
	$machine->run('cat /usr/share/doc/leadmilter/examples/postfix-main.cf >>/etc/postfix/main.cf');
	is $machine->run('postconf -n 2>&1 >/dev/null; postfix check 2>&1'), '', 'the shipped lines are right';
	my $lines = $machine->run('postconf smtpd_milters') =~ s/\s+/ /gr;
	my $readme = join ';', $machine->read_file('/usr/share/doc/leadmilter/README.Debian') =~ /^ +(postconf -e .*)$/mg;
	is $machine->run("$readme 2>&1"), '', 'README.Debian\'s commands are';
	is $machine->run('postconf smtpd_milters') =~ s/\s+/ /gr, $lines, '  and write the same';
	$out = $machine->run('postfix reload 2>&1');
	is $machine->{status}, 0, 'reload' or diag $out;
};

sub ask {
	my ($name, $address, $what) = @_;
	my $answer = $machine->smtp($address, 'sales@example.com', Machine::mail_of($name, $address));
	like $answer, qr/^250/, $what;
}

subtest 'the first lead' => sub {
	ask('Anna Weber', 'anna.weber@weber-pumps.co.uk', 'a mail from outside');
	my $lead = leads()->{'anna.weber@weber-pumps.co.uk'};
	ok $lead, 'is a lead' or diag $machine->journal, $machine->run('journalctl --no-pager -n 50');
	Site::wait_for('its delivery', sub { $machine->read_file('/var/mail/sales') =~ /^Kind regards/m });
	like $machine->read_file('/var/mail/sales'), qr/^X-Lead-Id: \Q$lead->{id}\E$/m, 'the delivered mail is stamped';
	like $machine->run('leadctl explain anna.weber@weber-pumps.co.uk'), qr/\d/, 'and explained';
	is $machine->run('leadctl check >/dev/null; echo $?'), "0\n", 'leadctl check';
};

subtest 'mail of the host itself, and of our people' => sub {
	$machine->write_file('/root/form.eml', Machine::mail_of('Luis Ortega', 'luis.ortega@ortega-foods.es'));
	$machine->run('sendmail -i -f luis.ortega@ortega-foods.es sales@example.com </root/form.eml');
	ok Site::wait_for('the lead', sub { leads()->{'luis.ortega@ortega-foods.es'} }), 'the sendmail command: non_smtpd_milters';
	$machine->run('postconf -M "submission/inet=submission inet n - y - - smtpd" &&
		postconf -P submission/inet/syslog_name=postfix/submission && postfix reload');
	my $answer = Site::wait_for('the submission service', sub {
		my $said = $machine->smtp('ion@example.com', 'anna.weber@weber-pumps.co.uk', <<'END', 587);
From: Ion <ion@example.com>
To: Anna Weber <anna.weber@weber-pumps.co.uk>
Subject: Re: Offer for a packaging line
Message-ID: <answer.1@example.com>

Dear Anna, here is our price list.
END
		$said =~ /^\d/ && $said;
	});
	like $answer, qr/^250/, 'an answer through the submission service';
	is leads()->{'anna.weber@weber-pumps.co.uk'}{owner}, 'ion@example.com', '  is seen: whose lead it is';
};

subtest 'a webhook with a secret from systemd' => sub {
	my $port = 18080;
	my $log  = "$machine->{dir}/requests";
	my $receiver = $machine->spawn("$machine->{dir}/receiver.log", $machine->network, 'node', "$top/tests/system/receiver.mjs",
		'--port', $port, '--log', $log);
	$machine->{pids}{$receiver} = 1;
	$machine->write_file('/etc/leadmilter/crm.secret', Site::secret() . "\n");
	$machine->run('chmod 400 /etc/leadmilter/crm.secret');
	if ($machine->booted) {
		$machine->run('mkdir -p /etc/systemd/system/leadmilter.service.d');
		$machine->write_file('/etc/systemd/system/leadmilter.service.d/override.conf',
			"[Service]\nLoadCredential=crm:/etc/leadmilter/crm.secret\nWatchdogSec=2\n");
		$machine->run('systemctl daemon-reload');
	} else {
		$machine->run('install -D -m 400 -o leadmilter /etc/leadmilter/crm.secret /run/credentials/leadmilter.service/crm');
	}
	$machine->write_file('/etc/leadmilter/leadmilter.conf', $machine->read_file('/etc/leadmilter/leadmilter.conf')
		    . qq(endpoint "crm" {\n\turl = "http://localhost:$port/hook"\n\tsecrets = {"credential:crm"}\n}\n));
	$out = $machine->service('restart');
	is $machine->{status}, 0, 'root\'s file is the daemon\'s secret' or diag $machine->journal;
	ask('Ngozi Okafor', 'ngozi.okafor@northwind-rail.com', 'a mail');
	my $requests = eval { Site::wait_for('the webhook', sub { my $text = Site::slurp($log); $text =~ /lead\.created/ && $text }, 60) }
	    // diag $machine->journal, $machine->run('leadctl endpoint status; leadctl outbox list');
	like $requests, qr/"webhook-signature":"v1,/, 'its event is posted, signed';
	is $machine->run('leadctl endpoint status >/dev/null; echo $?'), "0\n", 'leadctl beside it reads the same secret';
	kill 'TERM', $receiver;
};

subtest 'the service goes on' => sub {
	plan skip_all => 'no systemd' unless $machine->booted;
	my $pid = $machine->daemon;
	$machine->write_file('/etc/leadmilter/leadmilter.conf', $machine->read_file('/etc/leadmilter/leadmilter.conf')
		    . qq(log_level = "debug"\n));
	$out = $machine->run('systemctl reload leadmilter 2>&1');
	is $machine->{status}, 0, 'systemctl reload' or diag $out;
	is $machine->daemon, $pid, '  the same process';
	like $machine->run('systemctl show -p StatusText leadmilter'), qr/=serving/, '  serves';
	$machine->run("kill -STOP $pid");
	ask('Petra Lang', 'petra.lang@lang-verpackung.de', 'while the daemon hangs mail goes on');
	Site::wait_for('the watchdog', sub { my $now = $machine->daemon; $now && $now != $pid }, 60);
	like $machine->journal, qr/Watchdog timeout/, 'the watchdog saw it';
	Site::wait_for('the new one', sub { $machine->run('systemctl is-active leadmilter') eq "active\n" }, 60);
	ask('Rita Moser', 'rita.moser@moser-druck.at', 'a mail to the new one');
	ok leads()->{'rita.moser@moser-druck.at'}, '  is a lead';
	is $machine->run('systemctl show -p NRestarts --value leadmilter'), "1\n", 'restarted once';
	edit('/etc/leadmilter/leadmilter.conf', '^log_level = "debug"\n', qq(no_such_option = 1\n));
	$out = $machine->run('systemctl reload leadmilter 2>&1');
	isnt $machine->{status}, 0, 'a wrong configuration is not taken';
	like $machine->run('systemctl show -p StatusText leadmilter'), qr/=serving.*not taken: .*no_such_option/, '  as the status says';
	ask('Rita Moser', 'rita.moser@moser-druck.at', '  and mail goes on');
	$machine->run('systemctl restart leadmilter');
	is $machine->run('systemctl show -p Result -p ExecMainStatus -p NRestarts leadmilter'),
	    "Result=exit-code\nNRestarts=0\nExecMainStatus=78\n", 'it does not try for ever to start with it';
	edit('/etc/leadmilter/leadmilter.conf', '^no_such_option = 1\n', '');
	$machine->run('systemctl restart leadmilter');
};

# The store as schema version 1 kept it: its tables, with what of their columns there is now.
sub make_older {
	my ($store) = @_;
	my ($text) = Site::slurp("$top/milter/store/schema.c") =~ /VERSION_1\[\] =\n(.*?");\n/s;
	my $sql = join '', map { s/\\"/"/gr } $text =~ /"((?:[^"\\]|\\.)*)"/g;
	Site::spew("$machine->{dir}/v1.sql", $sql);
	return Machine::must('python3', '-c', <<'END', $store, "$machine->{dir}/v1.sql");
import os, sqlite3, sys
store, text = sys.argv[1:]
new = sqlite3.connect(store + '.v1')
new.executescript(open(text).read())
new.execute('ATTACH ? AS later', (store,))
for table, in new.execute("SELECT name FROM main.sqlite_schema WHERE type='table' AND name NOT LIKE 'sqlite%'").fetchall():
    columns = [[row[1] for row in new.execute(f'PRAGMA {where}.table_info({table})')] for where in ('main', 'later')]
    both = ', '.join(c for c in columns[0] if c in columns[1])
    if both:
        new.execute(f'INSERT OR IGNORE INTO main.{table}({both}) SELECT {both} FROM later.{table}')
new.commit()
new.execute('PRAGMA main.application_id=%d' % new.execute('PRAGMA later.application_id').fetchone()[0])
new.execute('PRAGMA main.user_version=1')
new.execute('DETACH later')
new.close()
owner = os.stat(store)
os.chown(store + '.v1', owner.st_uid, owner.st_gid)
os.chmod(store + '.v1', 0o600)
for end in ('-wal', '-shm'):
    if os.path.exists(store + end):
        os.unlink(store + end)
os.rename(store + '.v1', store)
END
}

sub schema_of {
	my $store = $machine->path('/var/lib/leadmilter/leadmilter.db');
	return Machine::command('python3', '-c', 'import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute("PRAGMA user_version").fetchone()[0])', $store);
}

subtest 'upgrade' => sub {
	my $conf = $machine->read_file('/etc/leadmilter/leadmilter.conf');
	my $lead = leads()->{'anna.weber@weber-pumps.co.uk'};
	my $newest = schema_of();
	$machine->service('stop');
	$out = make_older($machine->path('/var/lib/leadmilter/leadmilter.db'));
	is schema_of(), "1\n", 'a store of the first schema' or diag $out;
	$out = $machine->install(Machine::package_file());
	is $machine->{status}, 0, 'apt install of the newer package' or diag $out;
	$machine->service('start');
	is $machine->run('dpkg-query -W -f \'${Version}\' leadmilter'), Machine::version(), 'is the new one';
	is $machine->read_file('/etc/leadmilter/leadmilter.conf'), $conf, 'the configuration is as it was left';
	ok -e $machine->path('/etc/leadmilter/leadmilter.conf.dpkg-dist'), '  the package\'s new one stands beside it';
	is $machine->run('stat -c "%a %G" /etc/leadmilter/leadmilter.conf'), "640 leadmilter\n", '  with its mode';
	ok !-e $machine->path('/usr/share/leadmilter/lists/gone.txt'), 'lists are the new version\'s';
	is schema_of(), $newest, 'the store has the new schema' or diag $machine->journal;
	is leads()->{'anna.weber@weber-pumps.co.uk'}{id}, $lead->{id}, 'and its leads';
	is $machine->run('leadctl check >/dev/null; echo $?'), "0\n", '  in order';
	ask('Vera Holm', 'vera.holm@holm-maskiner.dk', 'mail after it');
	ok leads()->{'vera.holm@holm-maskiner.dk'}, '  is a lead';
	ask('Anna Weber', 'anna.weber@weber-pumps.co.uk', 'who was known');
	is leads()->{'anna.weber@weber-pumps.co.uk'}{id}, $lead->{id}, '  still is';
};

subtest 'remove' => sub {
	my $count = keys %{ leads() };
	$machine->service('stop') unless $machine->booted;
	$out = $machine->run('apt-get remove -y leadmilter');
	is $machine->{status}, 0, 'apt remove' or diag $out;
	is $machine->daemon, undef, 'the daemon stopped';
	ok !-e $machine->path($_), "$_ is gone" for '/usr/sbin/leadmilter', '/lib/systemd/system/leadmilter.service';
	ok -e $machine->path($_), "$_ stays" for '/etc/leadmilter/leadmilter.conf', '/var/lib/leadmilter/leadmilter.db';
	ask('Otto Kern', 'otto.kern@kern-glas.ch', 'mail goes on without it');
	$out = $machine->install(Machine::package_file());
	is $machine->{status}, 0, 'installed again' or diag $out;
	$machine->service('start');
	is keys %{ leads() }, $count, 'all leads are there';
	ask('Otto Kern', 'otto.kern@kern-glas.ch', 'and mail');
	ok leads()->{'otto.kern@kern-glas.ch'}, '  is leads again';
};

subtest 'purge' => sub {
	$machine->service('stop') unless $machine->booted;
	$out = $machine->run('apt-get purge -y leadmilter; rm -rf /etc/leadmilter/crm.secret /etc/systemd/system/leadmilter.service.d \
		/run/credentials/leadmilter.service;
		rmdir --ignore-fail-on-non-empty /etc/leadmilter');
	is $machine->{status}, 0, 'apt purge' or diag $out;
	my $now = $machine->files;
	is_deeply [ grep { /leadmilter|milter\.sock/ } sort keys %$now ], [], 'nothing of it is left';
	my $kept = $machine->run('dpkg -l leadmilter 2>/dev/null | grep -c ^ii');
	is $kept, "0\n", 'dpkg knows it no more';
	unlike $machine->run('systemctl list-unit-files'), qr/leadmilter/, 'nor does systemd' if $machine->booted;
	is $machine->run('find /var/lib/systemd /run /var/log -name "*leadmilter*"'), $machine->booted ? '' : "/var/log/leadmilter\n",
	    'no trace in /run and /var';
	ask('Otto Kern', 'otto.kern@kern-glas.ch', 'and mail goes on');
};

done_testing;
