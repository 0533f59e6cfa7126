#!/usr/bin/perl
# doctor.t - leadctl doctor on a live site with a real Postfix: well, and broken in each way by turns.

use strict;
use warnings;
use File::Copy qw(copy);
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP;
use Postgres;
use Site;
use Test::More;

plan skip_all => 'needs root' if $> != 0;

my $site = Site->new(
	endpoint_options => qq(\tbasic = "file:crm.secret"\n),
	main_cf          => "milter_command_timeout = 5s\n",
	submission       => 1
);
my $dir = $site->{dir};
Site::spew("$dir/crm.secret", "user:password\n");
chmod 0600, "$dir/crm.secret";
chmod 0700, "$dir/spool";
mkdir "$dir/lists";
copy($_, "$dir/lists/") or die "$_: $!" for glob "$Site::ROOT/conf/lists/*.txt";
$site->{config} = <<"END";
freemail_list = "$dir/lists/freemail.txt"
spool_max_bytes = "1048576"
END
$site->start_receiver;
$site->start_daemon;
$site->start_postfix;
chmod 0640, $site->config_path;
my $etc = "$dir/postfix/etc";

# What it finds, by id; the clock of a container is nobody's fault.
sub findings {
	my (@options) = @_;
	my ($got) = @{ $site->leadctl_json('doctor', '--postfix', $etc, @options) };
	$site->{last} = $got;
	my %found;
	push @{ $found{ $_->{id} } }, $_->{what} for grep { $_->{id} ne 'clock-unsynchronised' } @{ $got->{findings} };
	return \%found;
}

# Exactly these findings.
sub finds {
	my ($name, $want, @options) = @_;
	my $found = findings(@options);
	is_deeply [ sort keys %$found ], [ sort @$want ], $name or diag explain $found;
	return $found;
}

sub postconf {
	my ($setting) = @_;
	system('postconf', '-c', $etc, '-e', $setting) == 0 or die "postconf $setting";
}

# Set a parameter while &$code runs.
sub with_postfix {
	my ($name, $value, $code) = @_;
	my $text = Site::slurp("$etc/main.cf");
	postconf("$name=$value");
	$code->();
	Site::spew("$etc/main.cf", $text);
}

sub with_master {
	my ($change, $code) = @_;
	my $text = Site::slurp("$etc/master.cf");
	my $new  = $text;
	$change->() for $new;
	Site::spew("$etc/master.cf", $new);
	$code->();
	Site::spew("$etc/master.cf", $text);
}

sub with_mode {
	my ($path, $mode, $code) = @_;
	my $before = (stat $path)[2] & 07777;
	chmod $mode, $path;
	$code->();
	chmod $before, $path;
}

sub with_config {
	my ($more, $code) = @_;
	my $text = Site::slurp($site->config_path);
	Site::spew($site->config_path, "$more\n$text");
	$code->();
	Site::spew($site->config_path, $text);
}

my $socket = "$dir/run/milter.sock";

subtest 'all is well' => sub {
	finds('nothing is found', [], '--probe');
	is $site->{status}, 0, 'exit 0';
	is $site->{last}{mta}, 'postfix', 'Postfix was looked at';
	is $site->leadctl('doctor', '--quiet', '--postfix', $etc), '', 'quiet';
	like $site->leadctl('doctor', '--postfix', $etc), qr/^(?:all is well|0 errors, 1 warning)$/m, 'in words';
	my $again = Site::slurp("$dir/postfix/mail.log");
	unlike $again, qr/Milter/, 'it asks the socket without troubling anybody';
	unlike $site->daemon_log, qr/error|warning/, '  nor the daemon';
};

subtest 'Postfix' => sub {
	with_postfix('smtpd_milters', '', sub {
		my $found = finds('milter missing', ['milter-missing']);
		like $found->{'milter-missing'}[0], qr/smtpd_milters/, '  says where';
		is $site->{status}, 1, '  exit 1';
		like $site->leadctl('doctor', '--postfix', $etc), qr/^error   milter-missing: .*\n    add it to smtpd_milters/m,
		    '  and what to do';
	});
	with_postfix('smtpd_milters', 'inet:127.0.0.1:9', sub { finds('another milter only', ['milter-missing']) });
	with_postfix('smtpd_milters', "inet:127.0.0.1:9, { unix:$socket, default_action=accept }", sub {
		finds('beside another', []);
	});
	with_postfix('non_smtpd_milters', '', sub {
		finds('not for local mail', ['milter-local']);
		is $site->{status}, 0, '  a warning: exit 0';
		findings('--strict');
		is $site->{status}, 1, '  exit 1 with --strict';
	});
	with_postfix('milter_default_action', 'tempfail', sub { finds('tempfail', ['milter-action']) });
	with_postfix('smtpd_milters', "{ unix:$socket, default_action=reject }", sub {
		finds('reject', ['milter-action']);
	});
	with_postfix('milter_content_timeout', '2s', sub { finds('too short', ['milter-short']) });
	with_postfix('milter_content_timeout', '5m', sub { finds('too long', ['milter-long']) });
	with_postfix('milter_protocol', '2', sub { finds('an old protocol', ['milter-protocol']) });
	with_postfix('milter_mail_macros', 'i', sub { finds('no login', ['milter-macros']) });
	with_master(sub { s/(inet n - )n( - - smtpd)/$1y$2/g }, sub {
		my $found = finds('in a chroot', ['milter-chroot']);
		like $found->{'milter-chroot'}[0], qr/^127\.0\.0\.1:\d+\/inet runs in the chroot/, '  names the service';
	});
	with_master(sub { s/\z/  -o smtpd_milters=\n/ if s/(^127.0.0.1:$site->{submission_port} .*\n)//m && ($_ .= $1) }, sub {
		my $found = finds('submission without it', ['milter-overridden']);
		like $found->{'milter-overridden'}[0], qr/^127\.0\.0\.1:$site->{submission_port}\/inet/, '  names the service';
	});
	with_postfix('smtpd_milters', 'unix:../../run/milter.sock', sub { finds('another way to write it', []) });
};

subtest 'socket' => sub {
	with_mode($socket, 0600, sub {
		my $found = finds('not for Postfix', ['socket-unreachable']);
		like $found->{'socket-unreachable'}[0], qr/user postfix\) is kept out by \Q$socket\E, mode 0600/, '  says who and where';
	});
	with_mode("$dir/run", 0700, sub {
		my $found = finds('its directory neither', ['socket-unreachable']);
		like $found->{'socket-unreachable'}[0], qr/kept out by \Q$dir\E\/run, mode 0700/, '  says where';
	});
	rename $socket, "$socket.away";
	finds('gone', ['socket-missing']);
	Site::spew($socket, '');
	chmod 0666, $socket;
	finds('a file', ['socket-wrong']);
	unlink $socket;
	rename "$socket.away", $socket;
	kill 'STOP', $site->{daemon};
	ok findings()->{'daemon-silent'}, 'a daemon that hangs';
	kill 'CONT', $site->{daemon};
	finds('again well', []);
};

subtest 'permissions' => sub {
	with_mode("$dir/crm.secret", 0644, sub {
		my $found = finds('a secret for all', ['secret-readable']);
		is $found->{'secret-readable'}[0], "$dir/crm.secret, mode 0644", '  named';
		unlike(encode_json($site->{last}), qr/password/, '  and not shown');
	});
	with_mode("$dir/crm.secret", 0620, sub { finds('others write it', ['secret-writable']) });
	with_mode($site->config_path, 0666, sub {
		finds('the configuration too', [ 'config-readable', 'config-writable' ]);
	});
	with_mode("$dir/leads.db", 0644, sub { finds('the store', ['store-open']) });
	with_mode("$dir/spool", 0755, sub { finds('the spool', ['spool-open']) });
};

subtest 'configuration' => sub {
	with_config('nonsense = 1', sub {
		my $found = findings();
		like $found->{'config-wrong'}[0], qr/leadmilter\.conf:1: /, 'file and line';
		is $site->{status}, 1, 'exit 1';
	});
	with_config(qq(disposable_list = "$dir/nowhere.txt"), sub {
		my $found = findings();
		ok $found->{'config-wrong'}, 'a list that is not there';
		ok $found->{'list-missing'}, '  the rest is looked at all the same';
	});
	with_config('hook_listen = "127.0.0.1:1"', sub {
		$site->leadctl('reload');
		finds('a restart is needed', ['restart-needed']);
	});
	$site->leadctl('reload');
	with_config(qq(route "x" {\nwhen = "nonsense.signal == 1"\nheaders = {"X: y"}\n}), sub {
		kill 'USR1', $site->{daemon};
		Site::wait_for('the refusal', sub { findings()->{'reload-failed'} }, 60);
		pass 'a reload was refused';
	});
	$site->leadctl('reload');
	finds('again well', []);
	with_config('max_sessions = 90000', sub { finds('too few files', ['daemon-files']) });
	utime time - 200 * 86400, time - 200 * 86400, "$dir/lists/freemail.txt";
	finds('an old list', ['list-old']);
	utime undef, undef, "$dir/lists/freemail.txt";
};

subtest 'endpoints' => sub {
	$site->leadctl('endpoint', 'park', 'crm');
	my $found = finds('parked', ['endpoint-parked']);
	like $found->{'endpoint-parked'}[0], qr/^crm: parked by the administrator/, '  with the reason';
	$site->leadctl('endpoint', 'resume', 'crm');
	$site->stop_receiver;
	finds('away, but nobody asked', []);
	$found = finds('away', ['endpoint-unreachable'], '--probe');
	like $found->{'endpoint-unreachable'}[0], qr/refused/, '  and why';
	finds('no connection to others', [], '--probe', '--no-network');
};

subtest 'processes' => sub {
	my $other = fork // die;
	if (!$other) {
		exec { $^X } 'leadmilter', '-e', 'sleep 600', '--', '-c', $site->config_path;
	}
	my $found;
	Site::wait_for('the other', sub { ($found = findings())->{'daemon-second'} }, 60);
	like $found->{'daemon-second'}[0], qr/^process $other beside $site->{daemon}$/, 'a second daemon';
	kill 'KILL', $other;
	waitpid $other, 0;
	$site->stop_postfix;
	finds('Postfix does not run', ['postfix-down']);
	is $site->stop_daemon, 0, 'the daemon ends';
	my $gone = findings();
	ok $gone->{'daemon-down'}, 'no daemon';
	ok !$gone->{'socket-missing'}, '  its socket is no finding of its own';
};

subtest 'store and spool' => sub {
	my $name = sprintf '%016x-%s.mail', (time - 86400) * 1e6, 'a' x 32;
	Site::spew("$dir/spool/$name", 'x' x 900_000);
	mkdir "$dir/spool/bad", 0700;
	Site::spew("$dir/spool/bad/$name", 'x');
	my $found = findings();
	ok $found->{$_}, $_ for qw(spool-old spool-full spool-bad);
	like $found->{'spool-old'}[0], qr/^1 messages, the oldest for 24 h$/, 'how old';
	unlink "$dir/spool/$name", "$dir/spool/bad/$name";
	utime time + 86400, time + 86400, "$dir/leads.db";
	ok findings()->{'clock-behind'}, 'clock-behind';
	open my $file, '+<:raw', "$dir/leads.db" or die;
	seek $file, 4096, 0;
	print $file "\xa5" x 20000;
	close $file;
	ok findings()->{'store-corrupt'}, 'store-corrupt';
	unlink glob "$dir/leads.db*";
	ok findings()->{'store-missing'}, 'store-missing';
	rmdir "$dir/spool/bad";
	rmdir "$dir/spool";
	ok findings()->{'spool-missing'}, 'spool-missing';
};

subtest 'Sendmail' => sub {
	mkdir "$dir/bin";
	local $ENV{PATH} = "$dir/bin";
	my $ask = sub {
		Site::spew("$dir/sendmail.cf", $_[0]);
		my ($got) = @{ $site->leadctl_json('doctor', '--sendmail', "$dir/sendmail.cf") };
		is $got->{mta}, 'sendmail', 'looked at';
		return join ' ', grep { /^sendmail/ } map { $_->{id} } @{ $got->{findings} };
	};
	is $ask->("O InputMailFilters=leadmilter\nXleadmilter, S=local:$socket, F=, T=C:2s;S:5s;R:5s;E:10s\n"), '', 'well';
	is $ask->("Xleadmilter, S=local:$socket, F=, T=C:2s\n"), 'sendmail-missing', 'not listed';
	is $ask->("O InputMailFilters=leadmilter\nXleadmilter, S=local:$socket, F=T\n"), 'sendmail-action', 'tempfail';
};

subtest 'a store on PostgreSQL' => sub {
	my $pg     = Postgres->new;
	my $remote = Site->new;
	chmod 0700, "$remote->{dir}/spool";
	my $url = $pg->create_database('leads');
	Site::spew($remote->config_path, $remote->config_text =~ s/^store = .*$/store = "$url"/mr);
	chmod 0640, $remote->config_path;
	my $ask = sub {
		my ($got) = @{ $remote->leadctl_json('doctor', @_) };
		my %what = map { $_->{id} => $_->{what} } @{ $got->{findings} };
		$remote->{away} = delete $what{'store-away'} // '';
		return join ' ', sort grep { !/^(?:clock-unsynchronised|mta-none|postfix-|milter-)/ } keys %what;
	};
	is $ask->(), 'daemon-down store-schema', 'before the first start';
	$remote->start_daemon(keep_config => 1);
	is $ask->(), '', 'well';
	is $ask->('--no-network'), '', 'well without asking it';
	is $remote->{away}, '', '  and the daemon has its store';
	$pg->stop;
	is $ask->('--no-network'), '', 'away, but nobody asked';
	is $ask->(), 'store-unreadable', 'away';
	$remote->stop_daemon;
	$remote->start_daemon(keep_config => 1);
	ok Site::wait_for('what the daemon says', sub { $ask->('--no-network'); $remote->{away} =~ /No such file|refused/ }, 60),
	    'the daemon itself has none, and says why' or diag $remote->{away};
	$pg->start;
	ok Site::wait_for('the store', sub { $ask->(); $remote->{away} eq '' }, 60), 'until it has';
	$remote->stop_daemon;

	my $passfile = "$remote->{dir}/pgpass";
	Site::spew($remote->config_path, $remote->config_text =~ s/^store = .*$/store = "$url&passfile=$passfile"/mr);
	is $ask->(), 'daemon-down store-password', 'a password file that is not there';
	Site::spew($passfile, "*:*:*:leadmilter:word\n");
	chmod 0640, $passfile;
	is $ask->(), 'daemon-down store-password', 'one that libpq passes over';
	chmod 0600, $passfile;
	is $ask->(), 'daemon-down', 'a good one';

	delete local $ENV{CREDENTIALS_DIRECTORY};
	Site::spew($remote->config_path, Site::slurp($remote->config_path)
	    . qq(page_user "anna" {\n\ttoken = "credential:anna"\n}\n));
	is $ask->(), 'config-wrong daemon-down', 'a credential of a service that is stopped: the rest is looked at';
};

subtest 'as the schema says' => sub {
	local $ENV{LEADMILTER_NPM} = $ENV{LEADMILTER_NPM} // "$Site::BUILD/npm";
	findings();
	cmp_ok $site->{last}{errors}, '>', 2, 'many findings';
	Site::spew("$dir/doctor.json", JSON::PP->new->utf8->encode($site->{last}));
	my $got = decode_json(join '', qx(node $FindBin::Bin/schema.mjs doctor $dir/doctor.json));
	is_deeply $got->{problems}, [], 'valid and described' or diag explain $got;
};

subtest 'the manual has every finding' => sub {
	my $source = Site::slurp("$Site::ROOT/milter/doctor.c");
	my $manual = Site::slurp("$Site::ROOT/contrib/man/leadctl.1");
	my $schema = decode_json(Site::slurp("$Site::ROOT/conf/schemas/doctor.schema.json"));
	my %source = map { /"([a-z-]+)", (TRUE|FALSE)/ ? ($1 => $2 eq 'TRUE' ? 'error' : 'warning') : () }
	    $source =~ /^\t\[DOCTOR_\w+\] = \{ ("[a-z-]+", (?:TRUE|FALSE))/mg;
	my %manual = $manual =~ /^\.It Li ([a-z-]+) Pq (error|warning)$/mg;
	cmp_ok scalar keys %source, '>', 50, 'findings';
	is_deeply \%manual, \%source, 'leadctl(1)';
	is_deeply [ sort @{ $schema->{properties}{findings}{items}{properties}{id}{enum} } ], [ sort keys %source ],
	    'doctor.schema.json';
};

done_testing;
