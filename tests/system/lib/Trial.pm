package Trial;

# Trial.pm - one trial for every real CRM: a new lead, a second mail, a resend, and a CRM or a
# daemon that is killed at each request of the sequence.
#
# A proxy stands between the daemon and the CRM.  It logs each request and carries out a plan,
# the number of a request and what happens there: "before" and "after" kill the CRM before it got
# the request or after it carried it out (the answer is lost), "daemon" kills leadmilter after
# the CRM carried it out.

use strict;
use warnings;
use HTTP::Tiny;
use IO::Socket::INET;
use POSIX ();
use Site;
use Test::More;
use Time::HiRes qw(sleep time);

# Options: name; port => the CRM's; start, stop => subs (stop kills at once); settings => their
# text in the configuration; path => of the URL; count => sub { (address) -> {records, notes} };
# kills => at which requests of a new lead's sequence, if not all;
# wrong => [pattern of the right credentials in the configuration, wrong ones, requests at most]
sub new {
	my ($class, %option) = @_;
	my $self = bless {%option}, $class;
	my $site = $self->{site};
	$self->{dir}        = $site->{dir};
	$self->{proxy_port} = Site::free_port();
	$site->{config} = sprintf <<'END', "$Site::ROOT/hooks/adapters", $self->{proxy_port}, $self->{path} // '', @$self{qw(name settings)};
adapter_directory = "%s"
endpoint "crm" {
	url = "http://127.0.0.1:%d%s"
	adapter = "%s"
	settings = {%s}
	events = {"lead.created", "lead.updated"}
	timeout_seconds = 10
	include_text = true
}
END
	$self->{mails} = 0;
	$self->start_proxy;
	return $self;
}

# --- the proxy ---

sub read_message {
	my ($socket) = @_;
	my ($head, $body) = ('', '');
	while ($head !~ /\r\n\r\n/) {
		sysread($socket, $head, 8192, length $head) or return;
	}
	($head, $body) = split /\r\n\r\n/, $head, 2;
	my ($length) = $head =~ /^content-length:\s*(\d+)/mi;
	while (length $body < ($length // 0)) {
		sysread($socket, $body, 65536, length $body) or return;
	}
	return ($head, $body);
}

sub forward {
	my ($port, $head, $body) = @_;
	my $crm = IO::Socket::INET->new("127.0.0.1:$port") or return;
	$head =~ s/^(connection|expect):.*\r\n//mig;
	print $crm "$head\r\nConnection: close\r\n\r\n$body";
	$crm->flush;
	my $answer = '';
	1 while sysread $crm, $answer, 65536, length $answer;
	return $answer;
}

sub kill_pid {
	my ($file) = @_;
	my ($pid) = Site::slurp($file) =~ /(\d+)/ or return;
	kill 'KILL', $pid;
}

sub serve {
	my ($self, $client) = @_;
	my ($head, $body) = read_message($client) or return;
	open my $log, '>>', "$self->{dir}/proxy.log";
	print $log +($head =~ /^(\S+ \S+)/)[0], ' ', $body =~ /"method":"([\w.]+)"/ ? $1 : '', "\n";
	close $log;
	my ($n, $what) = Site::slurp("$self->{dir}/plan") =~ /(\d+) (\w+)/;
	if (defined $n) {
		my $left = $n - 1;
		$left > 0 ? Site::spew("$self->{dir}/plan", "$left $what") : unlink "$self->{dir}/plan";
	}
	my $now = defined $n && $n == 1 ? $what : '';
	kill_pid("$self->{dir}/crm.pid") if $now eq 'before';
	my $answer = $now eq 'before' ? undef : forward($self->{port}, $head, $body);
	kill_pid("$self->{dir}/crm.pid")    if $now eq 'after';
	kill_pid("$self->{dir}/daemon.pid") if $now eq 'daemon';
	Site::spew("$self->{dir}/struck", $what) if $now;
	return if $now || !defined $answer;
	$answer =~ s/^HTTP\/1\.\d/HTTP\/1.1/;
	print $client $answer;
}

sub start_proxy {
	my ($self) = @_;
	my $listen = IO::Socket::INET->new(Listen => 50, LocalAddr => '127.0.0.1', LocalPort => $self->{proxy_port}, ReuseAddr => 1)
	    or die "proxy: $!";
	my $pid = fork // die "fork: $!";
	if (!$pid) {
		$SIG{PIPE} = 'IGNORE';
		while (my $client = $listen->accept) { $self->serve($client); close $client }
		POSIX::_exit(0);
	}
	$self->{site}{pids}{$pid} = 'proxy';
}

sub requests { return scalar(my @l = split /\n/, Site::slurp("$_[0]{dir}/proxy.log")) }

# --- what is done ---

sub start_crm {
	my ($self) = @_;
	$self->{crm} = $self->{start}->();
	Site::spew("$self->{dir}/crm.pid", $self->{crm});
}

sub start_daemon {
	my ($self) = @_;
	Site::spew("$self->{dir}/daemon.pid", $self->{site}->start_daemon);
}

# A mail of a person into the running daemon.
sub mail {
	my ($self, $person, $n, $old) = @_;
	my $file = "$self->{dir}/$person-$n.eml";
	my $refs = $n > 1 ? "In-Reply-To: <$person.1\@buyers.test>\n" : '';
	Site::spew($file, <<"END") unless $old;
From: Person $person <$person\@$person.buyers.test>
To: sales\@example.test
Subject: Machines for $person
Message-ID: <$person.$n\@buyers.test>
${refs}Date: Sat, 21 Nov 2026 10:0$n:00 +0000

Message $n: please send me an offer for $n machines. It's 100% _urgent_.
END
	return $self->{site}->leadctl('replay', '--rcpt', 'sales@example.test', $file);
}

sub deliveries {
	my ($self, $person) = @_;
	return grep { $_->{lead} } @{ $self->{site}->leadctl_json('outbox', 'list', '--most', 1000,
		$person ? ('--lead', $person) : ()) };
}

# Everything is delivered, pushing what waits.
sub settle {
	my ($self) = @_;
	my $pushed = time;
	Site::wait_for('the deliveries', sub {
		my @waiting = grep { $_->{state} eq 'waiting' } $self->deliveries;
		return 1 unless @waiting;
		if (time - $pushed > 0.4) {
			$pushed = time;
			$self->{site}->leadctl('outbox', 'retry', $_->{id}) for @waiting;
			$self->{site}->leadctl('endpoint', 'resume', 'crm');
		}
		sleep 0.05;
		return 0;
	}, 60);
}

sub counts {
	my ($self, $person, $records, $notes, $what) = @_;
	is_deeply $self->{count}->("$person\@$person.buyers.test"), { records => $records, notes => $notes }, $what;
}

sub run {
	my ($self) = @_;
	my $site = $self->{site};
	$self->start_crm;
	$self->start_daemon;

	subtest 'a new lead is a record, a second mail a note on it' => sub {
		$self->mail('a', 1);
		$self->settle;
		$self->counts('a', 1, 1, 'one record, one note');
		$self->mail('a', 2);
		$self->settle;
		$self->counts('a', 1, 2, 'a second note on the same record');
	};
	my $sequence = $self->requests;

	subtest 'a resend writes nothing twice' => sub {
		$self->mail('a', 1, 'old');
		$self->mail('a', 2, 'old');
		$self->settle;
		$self->counts('a', 1, 2, 'the MTA sends it again');
		$site->leadctl('outbox', 'retry', $_->{id}) for $self->deliveries;
		$self->settle;
		$self->counts('a', 1, 2, 'the administrator sends it again');
		$site->stop_daemon;
		unlink glob "$self->{dir}/leads.db*";
		$self->start_daemon;
		$self->mail('a', 1, 'old');
		$self->mail('a', 2, 'old');
		$self->settle;
		$self->counts('a', 1, 2, 'an archive is replayed into a new store');
	};

	unlink "$self->{dir}/proxy.log";
	$self->mail('b', 1);
	$self->settle;
	my $length = $self->requests;
	cmp_ok $length, '>=', 4, "a new lead takes $length requests";
	for my $what (qw(before after daemon)) {
		subtest "killed at each request: $what" => sub {
			for my $n (@{ $self->{kills} // [ 1 .. $length ] }) { $self->kill_at($n, $what) }
		};
	}
	subtest 'wrong credentials are tried once and then no more' => sub { $self->wrong_credentials }
	    if $self->{wrong};
}

sub kill_at {
	my ($self, $n, $what) = @_;
	my $person = substr($what, 0, 1) . "x$n";
	unlink "$self->{dir}/struck";
	Site::spew("$self->{dir}/plan", "$n $what");
	$self->mail($person, 1);
	my $struck = eval { Site::wait_for('the kill', sub { -e "$self->{dir}/struck" }, 10); 1 };
	ok $struck || !-e "$self->{dir}/plan", "request $n";
	unlink "$self->{dir}/plan";
	if ($what eq 'daemon') {
		$self->{site}->stop_process(delete $self->{site}{daemon}, 'KILL') if $struck;
		$self->start_daemon if $struck;
	} elsif ($struck) {
		$self->{stop}->($self->{crm});
		$self->start_crm;
	}
	$self->settle;
	$self->counts($person, 1, 1, "then one record and one note");
}

sub wrong_credentials {
	my ($self) = @_;
	my $site = $self->{site};
	$site->stop_daemon;
	my $config = $site->{config};
	$site->{config} =~ s/$self->{wrong}[0]/$self->{wrong}[1]/ or die "no $self->{wrong}[0]";
	unlink "$self->{dir}/proxy.log";
	$self->start_daemon;
	$self->mail("w$_", 1) for 1 .. 4;
	my $status = Site::wait_for('parking', sub {
		my ($e) = @{ $site->leadctl_json('endpoint', 'status') };
		$e->{parked} && $e;
	}, 30);
	ok $status->{reason}, "parked: $status->{reason}";
	cmp_ok $self->requests, '<=', $self->{wrong}[2], 'after ' . $self->requests . ' requests';
	$site->stop_daemon;
	$site->{config} = $config;
	$self->start_daemon;
	$self->settle;
	$self->counts("w$_", 1, 1, "delivered with the right ones") for 1 .. 4;
}

1;
