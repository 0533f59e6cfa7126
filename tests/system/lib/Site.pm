package Site;

# Site.pm - a mail site in a scratch directory: real Postfix, the daemon, a webhook receiver.
#
# Everything listens on loopback at free ports, writes below one scratch directory and is ended
# (by pid) and removed when the object goes.  Nothing waits for luck: every wait is for a
# condition, with a deadline that fails loudly.

use strict;
use warnings;
use Cwd qw(abs_path);
use Encode ();
use File::Path qw(make_path remove_tree);
use File::Temp qw(tempdir);
use IO::Socket::INET;
use IO::Socket::UNIX;
use JSON::PP;
use Net::SMTP;
use POSIX qw(:sys_wait_h);
use Time::HiRes qw(sleep time);

our $ROOT  = abs_path(($INC{'Site.pm'} =~ s{/[^/]*$}{}r) . '/../../..');
our $BUILD = $ENV{LEADMILTER_BUILD} ? abs_path($ENV{LEADMILTER_BUILD}) : "$ROOT/build";

my $json = JSON::PP->new->utf8->canonical;

# Options: config => more configuration text; mailboxes => its mailbox sections;
# store => where, when it is not in a file; socket => 'inet'; main_cf => more Postfix configuration; no_milter => 1;
# endpoint_options => more lines of the endpoint section; submission => 1, a second port for our own
# people; clock => 1, the daemon's time can be set
sub new {
	my ($class, %option) = @_;
	my $self = bless { pids => {}, %option }, $class;
	$self->{dir} = tempdir('leadmilter-XXXXXX', TMPDIR => 1);
	chmod 0755, $self->{dir};
	make_path("$self->{dir}/run", "$self->{dir}/spool");
	$self->{owner} = $$;
	return $self;
}

sub free_port {
	my $s = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1', ReuseAddr => 1)
	    or die "no free port: $!";
	return $s->sockport;
}

# Wait until &$condition is true; die with `what` after `seconds`.
sub wait_for {
	my ($what, $condition, $seconds) = @_;
	my $end = time + ($seconds // 20);
	while (1) {
		my $got = $condition->();
		return $got if $got;
		die "waited in vain for $what\n" if time > $end;
		sleep 0.02;
	}
}

sub slurp {
	my ($path) = @_;
	open my $f, '<:raw', $path or return '';
	local $/;
	return scalar <$f> // '';
}

sub spew {
	my ($path, $text) = @_;
	open my $f, '>:raw', $path or die "$path: $!";
	print $f $text;
	close $f or die "$path: $!";
}

sub start_process {
	my ($self, $name, %how) = @_;
	my $pid = fork // die "fork: $!";
	if (!$pid) {
		open STDIN,  '<',  '/dev/null';
		open STDOUT, '>>', "$self->{dir}/$name.log" or POSIX::_exit(1);
		open STDERR, '>&', \*STDOUT;
		%ENV = (%ENV, %{ $how{env} // {} });
		{ no warnings; exec @{ $how{command} } }
		POSIX::_exit(127);
	}
	$self->{pids}{$pid} = $name;
	return $pid;
}

# End a process of ours; its wait status, or -1 when it had to be killed.
sub stop_process {
	my ($self, $pid, $signal, $seconds) = @_;
	return unless $pid && delete $self->{pids}{$pid};
	kill $signal // 'TERM', $pid;
	my $end = time + ($seconds // 15);
	while (time < $end) {
		my $got = waitpid $pid, WNOHANG;
		return $? if $got == $pid || $got == -1;
		sleep 0.02;
	}
	kill 'KILL', $pid;
	waitpid $pid, 0;
	return -1;
}

# A process of ours still runs.
sub alive {
	my ($self, $pid) = @_;
	return 1 if waitpid($pid, WNOHANG) == 0;
	delete $self->{pids}{$pid};
	return 0;
}

# --- configuration and the daemon ---

sub socket_spec {
	my ($self) = @_;
	return $self->{socket_spec} //=
	    ($self->{socket} // 'unix') eq 'inet'
	    ? 'inet:' . free_port() . '@127.0.0.1'
	    : "unix:$self->{dir}/run/milter.sock";
}

# The same socket in Postfix's words.
sub milter_spec {
	my ($self) = @_;
	my $spec = $self->socket_spec;
	return $spec =~ /^inet:(\d+)\@(.*)/ ? "inet:$2:$1" : $spec;
}

sub secret { return 'whsec_bGVhZG1pbHRlciBkZW1vIHNlY3JldCBrZXkgMDE=' }

sub config_text {
	my ($self) = @_;
	my $spec     = $self->socket_spec;
	my $endpoint = '';
	if ($self->{receiver_port}) {
		my $url = $self->{receiver_url} // "http://127.0.0.1:$self->{receiver_port}/hook";
		$endpoint = sprintf qq(endpoint "crm" {\n\turl = "%s"\n\tsecrets = {"%s"}\n%s}\n),
		    $url, secret(), $self->{endpoint_options} // '';
	}
	my $mailboxes = $self->{mailboxes} // qq(mailbox "sales\@example.test" {\n}\n);
	return <<"END" . ($self->{config} // '') . $mailboxes . $endpoint;
socket = "$spec"
socket_mode = "0666"
control_socket = "$self->{dir}/run/control.sock"
store = "@{[ $self->{store} // "sqlite:$self->{dir}/leads.db" ]}"
spool_directory = "$self->{dir}/spool"
own_domains = {"example.test"}
own_networks = {"127.0.0.0/8"}
trusted_authserv_ids = {"mx.example.test"}
hostname = "mx.example.test"
default_region = "GB"
list_directory = "$ROOT/conf/lists"
scorecards = {"$ROOT/conf/scorecards/default.conf"}
log_target = "stderr"
END
}

sub config_path { return "$_[0]{dir}/leadmilter.conf" }

sub write_config {
	my ($self) = @_;
	spew($self->config_path, $self->config_text);
}

sub start_daemon {
	my ($self, %how) = @_;
	$self->write_config unless $how{keep_config};
	$self->{daemon} = $self->start_process(
		'leadmilter',
		command => [ @{ $how{wrapper} // [] }, "$BUILD/leadmilter", '-f', '-c', $self->config_path ],
		env     => { $self->clock_environment, %{ $how{env} // {} } }
	);
	eval {
		wait_for('the daemon', sub {
			die "the daemon ended:\n" if waitpid($self->{daemon}, WNOHANG) == $self->{daemon};
			$self->daemon_answers;
		}, 30);
		1;
	} or die $@ . $self->daemon_log;
	return $self->{daemon};
}

sub daemon_answers {
	my ($self) = @_;
	my $s = IO::Socket::UNIX->new(Peer => "$self->{dir}/run/control.sock") or return 0;
	print $s qq({"command":"ping"}\n);
	return defined(readline $s);
}

sub stop_daemon {
	my ($self, $signal) = @_;
	return $self->stop_process(delete $self->{daemon}, $signal);
}

# --- the daemon's clock (lib/clock.c) ---

sub clock_environment {
	my ($self) = @_;
	return unless $self->{clock};
	my $library = "$self->{dir}/clock.so";
	if (!-e $library) {
		system('cc', '-shared', '-fPIC', '-O1', '-o', $library, "$ROOT/tests/system/lib/clock.c") == 0
		    or die "clock.so: the compiler failed\n";
	}
	return (LD_PRELOAD => $library, LEADMILTER_TEST_CLOCK => "$self->{dir}/clock");
}

# From now on it is `time` (seconds since the epoch), and goes on from there, or stands.
sub set_clock {
	my ($self, $time, $stands) = @_;
	my $path = "$self->{dir}/clock";
	spew("$path.new", $stands ? "=$time\n" : sprintf "%d\n", $time - time);
	rename "$path.new", $path or die "$path: $!";
}

sub daemon_log { return slurp("$_[0]{dir}/leadmilter.log") }

# --- leadctl ---

sub leadctl {
	my ($self, @arguments) = @_;
	my @command = ("$BUILD/leadctl", '-c', $self->config_path, @arguments);
	open my $pipe, '-|', @command or die "leadctl: $!";
	local $/;
	my $out = <$pipe> // '';
	close $pipe;
	$self->{status} = $? >> 8;
	return $out;
}

sub leadctl_json {
	my ($self, @arguments) = @_;
	return [ map { $json->decode($_) } grep { length } split /\n/, $self->leadctl('--json', @arguments) ];
}

sub leads { return $_[0]->leadctl_json('leads', '--most', $_[1] // 1000) }

# --- Postfix: a private instance that relays nothing ---

sub main_cf {
	my ($self) = @_;
	my $d = "$self->{dir}/postfix";
	my ($uid, $gid) = (getpwnam 'nobody')[ 2, 3 ];
	my $milter = $self->{no_milter} ? '' : $self->milter_spec;
	return <<"END" . ($self->{main_cf} // '');
compatibility_level = 3.6
queue_directory = $d/queue
data_directory = $d/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = $d/mail.log
maillog_file_prefixes = $d
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.example.test
mydomain = example.test
myorigin = example.test
mydestination =
mynetworks = 127.0.0.0/8
relay_domains =
default_transport = discard:
relay_transport = discard:
virtual_mailbox_domains = example.test
virtual_mailbox_base = $d/mail
virtual_mailbox_maps = static:box/
virtual_uid_maps = static:$uid
virtual_gid_maps = static:$gid
virtual_mailbox_limit = 0
message_size_limit = 52428800
header_size_limit = 1024000
alias_maps =
alias_database =
local_recipient_maps =
smtpd_relay_restrictions = permit_mynetworks, permit_auth_destination, reject
smtpd_peername_lookup = no
smtpd_authorized_xclient_hosts = 127.0.0.0/8
smtpd_client_connection_rate_limit = 0
smtpd_client_connection_count_limit = 0
disable_dns_lookups = yes
smtpd_tls_security_level = none
smtputf8_enable = yes
smtpd_milters = $milter
non_smtpd_milters = $milter
milter_default_action = accept
milter_connect_timeout = 5s
milter_command_timeout = 5s
milter_content_timeout = 15s
END
}

sub master_cf {
	my ($self) = @_;
	my $submission = '';
	$submission = "127.0.0.1:$self->{submission_port} inet n - n - - smtpd\n"
	    if $self->{submission};
	return <<"END" . $submission;
127.0.0.1:$self->{smtp_port} inet n - n - - smtpd
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
proxywrite unix - - n - 1 proxymap
showq     unix  n - n - - showq
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
virtual   unix  - n n - - virtual
anvil     unix  - - n - 1 anvil
postlog   unix-dgram n - n - 1 postlogd
END
}

sub start_postfix {
	my ($self) = @_;
	my $d = "$self->{dir}/postfix";
	my ($postfix_uid, $postfix_gid) = (getpwnam 'postfix')[ 2, 3 ];
	my ($nobody_uid,  $nobody_gid)  = (getpwnam 'nobody')[ 2, 3 ];
	die "Postfix is not installed\n" unless defined $postfix_uid && -x '/usr/sbin/postfix';
	make_path("$d/etc", "$d/queue", "$d/data", "$d/mail");
	chmod 0755, $d, "$d/etc", "$d/queue", "$d/mail";
	chmod 0700, "$d/data";
	chown $postfix_uid, $postfix_gid, "$d/data";
	chown $nobody_uid,  $nobody_gid,  "$d/mail";
	$self->{smtp_port} //= free_port();
	$self->{submission_port} //= free_port() if $self->{submission};
	spew("$d/etc/main.cf",   $self->main_cf);
	spew("$d/etc/master.cf", $self->master_cf);
	system("postfix -c $d/etc start >/dev/null 2>&1") == 0
	    or die "postfix did not start:\n" . slurp("$d/mail.log");
	$self->{postfix} = $d;
	wait_for('Postfix', sub { IO::Socket::INET->new("127.0.0.1:$self->{smtp_port}") });
}

sub stop_postfix {
	my ($self) = @_;
	my $d   = delete $self->{postfix} or return;
	my ($pid) = slurp("$d/queue/pid/master.pid") =~ /(\d+)/;
	system("postfix -c $d/etc stop >/dev/null 2>&1");
	eval { wait_for('Postfix to stop', sub { !kill 0, $pid }, 10) } if $pid;
}

# Send one message (bytes) through Postfix. Returns the server's last code, 0 on failure.
# Options: client => address it comes from; login => of one of us, at the submission port
sub send_mail {
	my ($self, $from, $to, $message, %as) = @_;
	my $port = $as{login} ? $self->{submission_port} : $self->{smtp_port};
	my $smtp = Net::SMTP->new('127.0.0.1', Port => $port, Timeout => 60, Hello => 'client.test')
	    or die "no SMTP: $@";
	if (%as) {
		my @claims = (($as{client} ? "ADDR=$as{client}" : ()), ($as{login} ? "LOGIN=$as{login}" : ()));
		$smtp->command('XCLIENT', @claims);
		$smtp->response == 2 && $smtp->hello('client.test') or die 'XCLIENT: ' . $smtp->message;
	}
	$message =~ s/\r?\n/\r\n/g;
	my $ok = $smtp->mail($from) && $smtp->recipient(ref $to ? @$to : $to) && $smtp->data
	    && $smtp->datasend($message) && $smtp->dataend;
	$self->{smtp_code} = $smtp->code;
	my $text = $smtp->message;
	$smtp->quit;
	$self->{queue_id} = $text =~ /queued as (\w+)/ ? $1 : '';
	return $ok ? $self->{smtp_code} : 0;
}

# The delivered message that contains `needle`, waiting for it.
sub delivered {
	my ($self, $needle) = @_;
	return wait_for("the delivery of $needle", sub {
		for my $file (glob "$self->{dir}/postfix/mail/box/new/*") {
			my $text = slurp($file);
			return $text if index($text, $needle) >= 0;
		}
		return;
	});
}

sub delivered_count { return scalar(my @f = glob "$_[0]{dir}/postfix/mail/box/new/*") }

# --- the receiver (tests/system/receiver.mjs) ---

sub start_receiver {
	my ($self, @arguments) = @_;
	$self->{receiver_port} //= free_port();
	my $log = "$self->{dir}/requests.jsonl";
	$self->{receiver} = $self->start_process(
		'receiver',
		command => [
			'node', "$ROOT/tests/system/receiver.mjs", '--port', $self->{receiver_port}, '--log', $log,
			@arguments
		]
	);
	wait_for('the receiver', sub { IO::Socket::INET->new("127.0.0.1:$self->{receiver_port}") });
}

sub stop_receiver {
	my ($self, $signal) = @_;
	return $self->stop_process(delete $self->{receiver}, $signal);
}

sub requests {
	my ($self) = @_;
	return [ map { $json->decode($_) } grep { length } split /\n/, slurp("$self->{dir}/requests.jsonl") ];
}

# The recorded requests as the Standard Webhooks reference library sees them: verify.mjs's document.
sub verify_requests {
	my ($self) = @_;
	local $ENV{LEADMILTER_NPM} = "$BUILD/npm";
	open my $pipe, '-|', 'node', "$ROOT/tests/system/verify.mjs", '--secret', secret(),
	    "$self->{dir}/requests.jsonl"
	    or die "node: $!";
	local $/;
	return $json->decode(scalar <$pipe> || '{}');
}

sub DESTROY {
	my ($self) = @_;
	return unless $self->{owner} == $$;
	local ($?, $@);
	$self->stop_postfix;
	# A clean stop takes libmilter some seconds; tests that care about it ask for it.
	$self->stop_process($_, 'KILL') for keys %{ $self->{pids} };
	remove_tree($self->{dir}) unless $ENV{LEADMILTER_KEEP};
}

1;
