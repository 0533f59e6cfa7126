package MilterClient;

# MilterClient.pm - an MTA's side of the milter protocol (version 6), one transaction at a time.

use strict;
use warnings;
use IO::Socket::INET;
use IO::Socket::UNIX;
use Socket qw(IPPROTO_TCP TCP_NODELAY);

sub new {
	my ($class, $spec) = @_;
	my $socket =
	    $spec =~ /^inet:(\d+)/
	    ? IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $1)
	    : IO::Socket::UNIX->new(Peer => $spec =~ s/^unix://r);
	return unless $socket;
	setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1 if $spec =~ /^inet:/;
	return bless { socket => $socket, steps => 0 }, $class;
}

sub put {
	my ($self, $command, $data) = @_;
	$data //= '';
	local $SIG{PIPE} = 'IGNORE';
	return syswrite $self->{socket}, pack('N a a*', 1 + length $data, $command, $data);
}

sub get_exactly {
	my ($self, $n) = @_;
	my $data = '';
	while (length $data < $n) {
		sysread($self->{socket}, $data, $n - length $data, length $data) or return;
	}
	return $data;
}

# One packet: (command, data), or nothing when the filter went away.
sub get {
	my ($self) = @_;
	my $length = $self->get_exactly(4) // return;
	my $packet = $self->get_exactly(unpack 'N', $length) // return;
	return (substr($packet, 0, 1), substr($packet, 1));
}

my %silent = (C => 0x1000, H => 0x2000, M => 0x4000, R => 0x8000, T => 0x10000, L => 0x80, N => 0x40000, B => 0x80000);

sub step {
	my ($self, $command, $data) = @_;
	$self->put($command, $data) or return '';
	return 'c' if $self->{steps} & ($silent{$command} // 0);
	return ($self->get)[0] // '';
}

# actions => what the MTA allows (SMFIF_* as a number)
sub negotiate {
	my ($self, %o) = @_;
	$self->put('O', pack 'NNN', 6, $o{actions} // 0x1ff, 0x1fffff);
	my ($command, $data) = $self->get or return 0;
	(undef, $self->{actions}, $self->{steps}) = unpack 'NNN', $data;
	return 1;
}

sub connect_as {
	my ($self, $address) = @_;
	$self->step('C', "client.test\0004" . pack('n', 12345) . ($address // '192.0.2.7') . "\0");
	return $self->step('H', "client.test\0");
}

# macros => { letter => { name => value } }; headers => [[name, value], …]; body
# Returns { verdict, added => {name => value}, changed => {name => value}, removed => [[name, index], …],
# recipients => ['+added', '-removed', …] with the ESMTP arguments of an addition, held => reason } or undef.
sub message {
	my ($self, %m) = @_;
	my $macros = sub {
		my ($letter) = @_;
		my $set = $m{macros}{$letter} or return;
		$self->put('D', $letter . join '', map { "$_\0$set->{$_}\0" } sort keys %$set);
	};
	$macros->('M');
	$self->step('M', '<' . ($m{from} // '') . ">\0");
	$self->step('R', "<$_>\0") for ref $m{to} ? @{ $m{to} } : $m{to};
	my $verdict = $self->{steps} & 0x200 ? 'c' : $self->step('T');
	return { verdict => $verdict, early => 1, added => {} } if $verdict ne 'c';
	$self->step('L', "$_->[0]\0$_->[1]\0") for @{ $m{headers} };
	$self->step('N') unless $self->{steps} & 0x40;
	my $body = $m{body} // "Hello\r\n";
	my $skipped = 0;
	while (length $body) {
		my $answer = $self->step('B', substr $body, 0, 65535, '');
		$skipped = 1, last if $answer eq 's';
		return { verdict => $answer, early => 1, added => {} } if $answer eq 'a';
		return if $answer eq '';
	}
	$macros->('E');
	$self->put('E');
	my %result = (added => {}, changed => {}, removed => [], recipients => [], skipped => $skipped);
	while (my ($command, $data) = $self->get) {
		if ($command =~ /[acdrt]/) {
			$result{verdict} = $command;
			return \%result;
		}
		if ($command eq 'h') {
			my ($name, $value) = split /\0/, $data;
			$result{added}{$name} = $value;
		} elsif ($command eq 'm') {
			my ($index, $rest) = (unpack('N', $data), substr $data, 4);
			my ($name, $value) = split /\0/, $rest;
			if (length($value // '')) {
				$result{changed}{$name} = $value;
			} else {
				push @{ $result{removed} }, [ $name, $index ];
			}
		} elsif ($command =~ /[+2]/) {
			push @{ $result{recipients} }, join ' ', '+' . (split /\0/, $data)[0], (split /\0/, $data)[1] // ();
		} elsif ($command eq '-') {
			push @{ $result{recipients} }, '-' . (split /\0/, $data)[0];
		} elsif ($command eq 'q') {
			$result{held} = $data =~ s/\0$//r;
		}
	}
	return;
}

sub quit { my ($self) = @_; $self->put('Q'); close $self->{socket} }

1;
