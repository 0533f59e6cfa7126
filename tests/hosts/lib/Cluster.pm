package Cluster;

# Cluster.pm - mail hosts that share one PostgreSQL: each a Site with its own Postfix and daemon, one
# receiver of events for all.  And the people who write to them.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../system/lib";
use IO::Socket::INET;
use JSON::PP;
use POSIX ();
use Postgres;
use Site;
use Time::HiRes qw(sleep time);

our $TIME = 1795255200;    # of all mail, and where a clock begins
our $FIRM = 4;             # people of one

my %WEIGHT = (t1 => 1, t2 => 2, t3 => 3, t4 => 4);
my @SAYS   = (
	'Could you send an offer for twenty pumps?',
	'We have a budget of 50,000 EUR for this.',
	'We need them by 1 March.',
	'What would the maintenance cost?',
	'I am the one who decides about this.',
	'Please call me about the delivery.',
	'Can you send the data sheets, too?',
	'Is there a discount for forty?',
	'Thank you, that helps.',
	'When could you visit us?',
);

sub config {
	return join('', map { qq(owner "$_\@example.test" { weight = $WEIGHT{$_} }\n) } sort keys %WEIGHT)
	    . qq(assign "turns" {\n}\n);
}

sub site {
	my (%option) = @_;
	return Site->new(
		config    => config() . ($option{more} // ''),
		mailboxes => join('', map { qq(mailbox "$_\@example.test" {\n}\n) } qw(sales info)),
		endpoint_options => "\ttimeout_seconds = 5\n\tconcurrency = 8\n",
		%option
	);
}

# Options: hosts (3), standing => 1 the clock stands, settings of PostgreSQL, url => sub of the database's
# own URL and the host's number, for the daemons; more => configuration.
sub new {
	my ($class, %option) = @_;
	my $self = bless { %option }, $class;
	$self->{pg} = Postgres->new(fsync => 1, %{ $option{pg} // {} });
	$self->{own_url} = $self->{pg}->create_database('leads');
	$self->trust($option{trust}) if $option{trust};
	for my $n (1 .. $option{hosts} // 3) {
		my $url = $option{url} ? $option{url}->($self, $n) : $self->{own_url};
		my $site = site(store => $url, clock => $option{standing}, more => $option{more});
		$site->set_clock($TIME, 1) if $option{standing};
		push @{ $self->{sites} }, $site;
	}
	return $self;
}

sub sites { return @{ $_[0]{sites} } }

# Connections from there need no password.
sub trust {
	my ($self, $network) = @_;
	open my $hba, '>>', $self->{pg}->dir . '/data/pg_hba.conf' or die "pg_hba.conf: $!";
	print $hba "host all all $network trust\n";
	close $hba;
	$self->{pg}->sql('SELECT pg_reload_conf()');
}

# Option network => of each host its own (Network.pm), from which it reaches the receiver, too.
sub start {
	my ($self, %how) = @_;
	my ($first, @others) = $self->sites;
	my $network = $self->{network} = $how{network};
	$first->start_receiver($network ? ('--host', '0.0.0.0') : ());
	$_->{receiver_port} = $first->{receiver_port} for @others;
	for my $n (1 .. $self->sites) {
		my $site = $self->{sites}[ $n - 1 ];
		$site->{receiver_url} = 'http://' . $network->address($n) . ":$site->{receiver_port}/hook" if $network;
		$self->start_daemon($n);
		$site->start_postfix;
	}
}

sub start_daemon {
	my ($self, $n) = @_;
	my $network = $self->{network};
	$self->{sites}[ $n - 1 ]->start_daemon($network ? (wrapper => [ $network->wrapper($n) ]) : ());
}

# --- mail ---

sub address_of {
	my ($p) = @_;
	return sprintf 'person%d@firm%d.test', $p, $p / $FIRM;
}

# Message number `n` of person `p`.
sub message {
	my ($p, $n) = @_;
	my $firm = int($p / $FIRM);
	my $from = address_of($p);
	my @thread = $n > 0 ? [ 'In-Reply-To', sprintf '<%d.%d@firm.test>', $p, $n - 1 ] : ();
	return (
		from    => $from,
		to      => $n % 3 == 2 ? 'info@example.test' : 'sales@example.test',
		headers => [
			[ 'Authentication-Results', "mx.example.test; dmarc=pass header.from=firm$firm.test" ],
			[ 'From',                   "Petra Person$p <$from>" ],
			[ 'To',                     'sales@example.test' ],
			[ 'Subject',                ($n > 0 ? 'Re: ' : '') . "Pumps for $p" ],
			[ 'Message-ID',             sprintf '<%d.%d@firm.test>', $p, $n ],
			[ 'Date',                   POSIX::strftime('%a, %d %b %Y %H:%M:%S +0000', gmtime $TIME) ],
			@thread,
		],
		body => "Hello,\r\n\r\n$SAYS[$n % @SAYS]\r\n\r\nPetra\r\n",
	);
}

# --- an SMTP client that keeps its connection and its time ---

sub smtp_open {
	my ($port) = @_;
	my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port") or return;
	$socket->autoflush(1);
	my $smtp = { socket => $socket };
	smtp_reply($smtp) == 220 or return;
	for my $line ('EHLO client.test', 'XCLIENT ADDR=192.0.2.7', 'EHLO client.test') {
		smtp_say($smtp, $line);
		smtp_reply($smtp) =~ /^2/ or return;
	}
	return $smtp;
}

sub smtp_say { print { $_[0]{socket} } "$_[1]\r\n" }

sub smtp_reply {
	my ($smtp) = @_;
	my $line;
	do { $line = readline $smtp->{socket} // return 0 } while $line =~ /^\d+-/;
	return $line =~ /^(\d+)/ ? $1 : 0;
}

# The code of the last answer; the mail's time in milliseconds goes to $_[2].
sub smtp_send {
	my ($smtp, $message) = @_;
	my $text = join '', map { "$_->[0]: $_->[1]\r\n" } @{ $message->{headers} };
	my $began = time;
	smtp_say($smtp, "MAIL FROM:<$message->{from}>\r\nRCPT TO:<$message->{to}>\r\nDATA");
	my @codes = map { smtp_reply($smtp) } 1 .. 3;
	return 0 if $codes[2] != 354;
	smtp_say($smtp, "$text\r\n$message->{body}.");
	my $code = smtp_reply($smtp);
	$_[2] = 1000 * (time - $began);
	return $code;
}

# One connection's part of the mails: "TIME MS P N" a mail to a file.
sub write_part {
	my ($port, $file, @mails) = @_;
	my $smtp;
	my $failed = 0;
	open my $log, '>', $file or return 1;
	$log->autoflush(1);
	for my $mail (@mails) {
		my ($code, $took) = (0, 0);
		for (1 .. 20) {
			$smtp //= smtp_open($port);
			$code = $smtp ? smtp_send($smtp, { message(@$mail) }, $took) : 0;
			last if $code == 250;
			undef $smtp;
			sleep 0.1;
		}
		$code == 250 ? printf {$log} "%.3f %.1f %d %d\n", time, $took, @$mail : $failed++;
	}
	smtp_say($smtp, 'QUIT') if $smtp;
	return $failed ? 1 : 0;
}

# Mails ([person, number], …) over so many connections to each host, spread at random.
sub write_all {
	my ($self, $connections, @mails) = @_;
	my $sites = @{ $self->{sites} };
	my (@parts, @pids, @files);
	push @{ $parts[ rand $sites * $connections ] }, $_ for @mails;
	for my $i (0 .. $#parts) {
		my $site = $self->{sites}[ $i % $sites ];
		push @files, my $file = "$site->{dir}/sent." . ++$self->{parts};
		my $pid = fork // die "fork: $!";
		POSIX::_exit(write_part($site->{smtp_port}, $file, @{ $parts[$i] // [] })) unless $pid;
		push @pids, $pid;
	}
	$self->{writers} = [@pids];
	push @{ $self->{files} }, @files;
}

# @return how many connections failed to bring in all of theirs
sub wait_writers {
	my ($self) = @_;
	my $failed = 0;
	for (@{ delete $self->{writers} // [] }) {
		waitpid $_, 0;
		$failed++ if $?;
	}
	return $failed;
}

# [when, milliseconds, person, number] of all mails answered.
sub answered {
	my ($self) = @_;
	return map { [split] } map { split /\n/, Site::slurp($_) } @{ $self->{files} };
}

sub percentile {
	my ($share, @values) = @_;
	@values = sort { $a <=> $b } @values;
	return $values[ $share * $#values ] // 0;
}

# --- what came of it ---

# One of leadctl's figures, of the store or of the daemon.
sub figure {
	my ($site, $name) = @_;
	my ($stats) = @{ $site->leadctl_json('stats') };
	return $stats && exists $stats->{$name} ? $stats->{$name} : ($stats->{daemon} // {})->{$name};
}

# Every spool is empty and nothing waits in the outbox.
sub settle {
	my ($self, $seconds) = @_;
	Site::wait_for('the spools', sub {
		!grep { my $site = $_; my @files = glob "$site->{dir}/spool/*.mail"; scalar @files } $self->sites;
	}, $seconds // 120);
	my ($site) = $self->sites;
	Site::wait_for('the deliveries', sub { (figure($site, 'outbox_waiting') // 1) == 0 }, $seconds // 180);
}

sub leads {
	my ($site, $most, @fields) = @_;
	my %leads;
	for my $lead (@{ $site->leads($most) }) {
		$leads{ $lead->{address} } = { map { ($_ => $lead->{$_}) } grep { exists $lead->{$_} } @fields };
	}
	return \%leads;
}

our @FIGURES = qw(name company account stage score fit engagement quality completeness grade temperature touches
    unverified);
our @FACTS = qw(name company account touches unverified);

# Requests as the receiver saw them: { ids => {webhook id => times}, events => [[lead, number, id, time], …] }
sub deliveries {
	my ($self) = @_;
	my ($site) = $self->sites;
	my (%times, @events);
	open my $file, '<', "$site->{dir}/requests.jsonl" or die "requests: $!";
	while (my $line = <$file>) {
		my $request = decode_json($line);
		my $id      = $request->{headers}{'webhook-id'};
		my $event   = decode_json(Encode::encode('UTF-8', $request->{body}));
		push @events, { id => $id, lead => $event->{data}{lead}{id}, type => $event->{type},
			message => $event->{data}{message}{message_id}, first => !$times{$id}++ };
	}
	return (\%times, \@events);
}

# Of each lead, events in the order they were written: (event ids as in the store).
sub written_events {
	my ($self) = @_;
	my %order;
	for (split /\n/, $self->{pg}->sql('SELECT e.lead, e.id FROM leadmilter.event e ORDER BY e.number', 'leads')) {
		my ($lead, $id) = split /\t/;
		push @{ $order{$lead} }, $id;
	}
	return \%order;
}

# ids that came in another order than they were written, per lead; and those that never came.
sub out_of_order {
	my ($self, $events) = @_;
	my $written = $self->written_events;
	my (%came, @wrong, @lost);
	my $n = 0;
	for (@$events) { $came{ $_->{id} } //= ++$n }
	for my $lead (keys %$written) {
		my @ids = @{ $written->{$lead} };
		push @lost, grep { !$came{$_} } @ids;
		my @places = map { $came{$_} // () } @ids;
		push @wrong, $lead if grep { $places[$_] < $places[ $_ - 1 ] } 1 .. $#places;
	}
	return (\@wrong, \@lost);
}

1;
