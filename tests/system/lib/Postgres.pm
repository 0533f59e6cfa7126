package Postgres;

# Postgres.pm - a scratch PostgreSQL cluster in a temporary directory.
#
#   my $pg = Postgres->new(fsync => 1);     # made and started; a unix socket, and port $pg->port
#   my $url = $pg->create_database('leads');    # postgresql://… for `store` and psql
#   $pg->pause; $pg->resume; $pg->crash; $pg->start; $pg->stop;
#
# Options: fsync => 1 (a commit is on disk; without it fast, for tests that lose no power),
# settings => { name => value } for postgresql.conf, user => who owns the databases and is in the
# URLs ("leadmilter", no superuser), hosts => 1: it listens on 127.0.0.1 too, see tcp_url;
# address => where it listens then.
# Run as root it is the user postgres, which its own programs insist on.  It is ended and removed
# with the object, and ends by itself when the test is killed.

use strict;
use warnings;
use File::Path qw(remove_tree);
use File::Temp qw(tempdir);
use POSIX qw(:sys_wait_h);
use Site ();

sub bin {
	my ($name) = @_;
	my ($newest) = sort { ($b =~ m{/(\d+)/bin})[0] <=> ($a =~ m{/(\d+)/bin})[0] }
	    glob '/usr/lib/postgresql/*/bin';
	die "PostgreSQL's server is not installed\n" unless $newest;
	return "$newest/$name";
}

# As whom the server runs.
sub identity {
	return () if $> != 0;
	return ('--reuid=postgres', '--regid=postgres', '--clear-groups');
}

sub quiet {
	my (@command) = @_;
	my $pid = open(my $out, '-|') // die "fork: $!";
	if (!$pid) {
		chdir '/';
		open STDIN,  '<',  '/dev/null';
		open STDERR, '>&', \*STDOUT;
		{ no warnings; exec @command }
		POSIX::_exit(127);
	}
	local $/;
	my $text = <$out> // '';
	close $out;
	die "$command[0] @command[1..$#command] failed:\n$text" if $?;
	return $text;
}

sub new {
	my ($class, %option) = @_;
	my $self = bless { user => 'leadmilter', %option, owner => $$ }, $class;
	$self->{dir} = tempdir('leadmilter-pg-XXXXXX', TMPDIR => 1);
	chmod 0755, $self->{dir};
	chown scalar getpwnam('postgres'), scalar getgrnam('postgres'), $self->{dir} if $> == 0;
	$self->{port}    = Site::free_port();
	$self->{address} //= '127.0.0.1';
	quiet('setpriv', identity(), bin('initdb'), '-D', "$self->{dir}/data", '-U', 'postgres', '-A',
		'trust', '-N', '-E', 'UTF8', '--locale=C.UTF-8');
	$self->start;
	$self->sql(qq(CREATE ROLE "$self->{user}" LOGIN)) if $self->{user} ne 'postgres';
	return $self;
}

sub port { return $_[0]{port} }
sub dir  { return $_[0]{dir} }

sub settings {
	my ($self) = @_;
	my %settings = (
		listen_addresses        => $self->{hosts} ? $self->{address} : '',
		port                    => $self->{port},
		unix_socket_directories => $self->{dir},
		fsync                   => $self->{fsync} ? 'on' : 'off',
		full_page_writes        => $self->{fsync} ? 'on' : 'off',
		max_connections         => 100,
		%{ $self->{settings} // {} }
	);
	return map { ('-c', "$_=$settings{$_}") } sort keys %settings;
}

# The process ends when we do, however.
sub start {
	my ($self) = @_;
	return if $self->{pid};
	my $pid = fork // die "fork: $!";
	if (!$pid) {
		chdir '/';
		open STDIN,  '<',  '/dev/null';
		open STDOUT, '>>', "$self->{dir}/log" or POSIX::_exit(1);
		open STDERR, '>&', \*STDOUT;
		{
			no warnings;
			exec 'setpriv', identity(), '--pdeathsig', 'QUIT', bin('postgres'), '-D',
			    "$self->{dir}/data", $self->settings;
		}
		POSIX::_exit(127);
	}
	$self->{pid} = $pid;
	Site::wait_for('PostgreSQL', sub {
		die "PostgreSQL ended:\n" . $self->log if waitpid($pid, WNOHANG) == $pid;
		system(bin('pg_isready'), '-q', '-h', $self->{dir}, '-p', $self->{port}) == 0;
	}, 60);
}

sub log { return Site::slurp("$_[0]{dir}/log") }

# --- what a client needs ---

sub url {
	my ($self, $database, %more) = @_;
	my %with = (host => $self->{dir}, port => $self->{port}, user => $self->{user}, %more);
	return "postgresql:///$database?" . join '&', map { "$_=$with{$_}" } sort keys %with;
}

# The same over TCP (needs hosts => 1).
sub tcp_url {
	my ($self, $database, %more) = @_;
	return $self->url($database, host => $self->{address}, %more);
}

sub create_database {
	my ($self, $name) = @_;
	$self->sql(qq(CREATE DATABASE "$name" OWNER "$self->{user}" TEMPLATE template0));
	return $self->url($name);
}

# Output of statements as the superuser, tab-separated and without headings.
sub sql {
	my ($self, $text, $database) = @_;
	return quiet(bin('psql'), '-X', '-q', '-A', '-t', '-F', "\t", '-v', 'ON_ERROR_STOP=1', '-h',
		$self->{dir}, '-p', $self->{port}, '-U', 'postgres', '-d', $database // 'postgres', '-c', $text);
}

# --- what may happen to it ---

# The postmaster and all that it started (each has its own session).
sub processes {
	my ($self) = @_;
	my @all = $self->{pid} // return;
	for my $stat (glob '/proc/[0-9]*/stat') {
		my ($pid, $parent) = Site::slurp($stat) =~ /^(\d+) \(.*\) \S (\d+)/s or next;
		push @all, $pid if $parent == $self->{pid};
	}
	return @all;
}

# Stopped: connections stay open and nobody answers.  Those that begin meanwhile hang as well.
sub pause {
	my ($self) = @_;
	kill 'STOP', $self->{pid};
	kill 'STOP', $self->processes;
}

sub resume { kill 'CONT', $_[0]->processes }

sub ended {
	my ($self, $signal, @pids) = @_;
	kill 'CONT', @pids;
	kill $signal, @pids;
	my $end = time + 60;
	while (waitpid($self->{pid}, WNOHANG) == 0) {
		kill 'KILL', $self->processes if time > $end;
		select undef, undef, undef, 0.02;
	}
	delete $self->{pid};
}

# Whether somebody has waited for it doesn't matter.
sub is_running { return Site::slurp("/proc/$_[0]/stat") =~ /^\d+ \(.*\) [^ZX] /s }

# kill -9 of all its processes; start() recovers.
sub crash {
	my ($self) = @_;
	kill 'STOP', $self->{pid} // return;
	my @all = $self->processes;
	$self->ended('KILL', @all);
	Site::wait_for('its children', sub { !grep { is_running($_) } @all }, 60);
}

# "fast" takes connections away and writes everything; "immediate" is a crash.
sub stop {
	my ($self, $mode) = @_;
	return unless $self->{pid};
	$self->resume;
	$self->ended(($mode // 'fast') eq 'fast' ? 'INT' : 'QUIT', $self->{pid});
}

sub restart {
	my ($self, $mode) = @_;
	$self->stop($mode);
	$self->start;
}

sub DESTROY {
	my ($self) = @_;
	return unless $self->{owner} && $self->{owner} == $$;
	local ($?, $@);
	$self->stop('immediate');
	remove_tree($self->{dir});
}

1;
