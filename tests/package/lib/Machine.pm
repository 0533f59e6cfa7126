package Machine;

# Machine.pm - a Debian machine of its own in a directory: the base system by debootstrap, from the mirror
# and with the settings of this machine's apt, booted by systemd-nspawn with a network of its own that
# has only loopback.
#
# Where nothing can be booted (a chroot, a container without cgroups) it runs without systemd, in
# namespaces of its own; `booted` tells.  What a test starts is ended, and its directory removed, when the
# object goes.

use strict;
use warnings;
use Fcntl qw(:flock);
use File::Path qw(make_path remove_tree);
use File::Temp qw(tempdir);
use POSIX ();
use Site;
use Time::HiRes qw(sleep time);

our $PLACE = "$Site::BUILD/package";
our $DEBS  = "$Site::BUILD/deb";

# --- what is built ---

# The package's file of that version.
sub package_file {
	my ($version) = @_;
	my ($file) = glob "$DEBS/leadmilter_" . ($version // version()) . '_*.deb';
	return $file;
}

sub version {
	my ($version) = Site::slurp("$Site::ROOT/Makefile") =~ /^VERSION\s*=\s*(\S+)/m;
	return $version;
}

# Build it, unless a test before did; `make check-deb` begins with none.
sub build_package {
	return if package_file();
	my $out = make('deb', "B=$Site::BUILD");
	die "make deb failed:\n$out" unless package_file();
}

sub make {
	my (@arguments) = @_;
	local %ENV = %ENV;
	delete @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES)};
	return scalar qx(make -C $Site::ROOT --no-print-directory @arguments 2>&1);
}

# --- the base system ---

sub command {
	my (@command) = @_;
	open my $pipe, '-|', 'sh', '-c', 'exec "$@" 2>&1', 'sh', @command or die "$command[0]: $!";
	local $/;
	my $out = <$pipe> // '';
	close $pipe;
	return $out;
}

sub must {
	my (@command) = @_;
	my $out = command(@command);
	die "@command: status $?\n$out" if $?;
	return $out;
}

# [URI, suite, components] of this release's archives, as this machine's apt has them.
sub archives {
	my ($release) = Site::slurp('/etc/os-release') =~ /^VERSION_CODENAME=(\w+)/m;
	my (%components, @order);
	for (split /\n/, command('apt-get', 'indextargets', '--format', '$(CREATED_BY) $(REPO_URI) $(RELEASE) $(COMPONENT)')) {
		my ($kind, $uri, $suite, $component) = split ' ';
		next unless $kind eq 'Packages' && $suite =~ /^\Q$release\E(-updates|-security|$)/;
		push @order, "$uri $suite" unless $components{"$uri $suite"};
		$components{"$uri $suite"}{$component} = 1;
	}
	my ($main) = grep { / \Q$release\E$/ } @order or die "apt knows no archive of $release\n";
	return map { [ split(/ /), join ' ', sort keys %{ $components{$_} } ] } $main, grep { $_ ne $main } @order;
}

# Proxy, certificates and the like; nothing that this machine's apt does of its own.
sub apt_settings {
	return join '', grep { /^Acquire::(?:https?::|Check-|Retries)/ && !/""/ }
	    map { "$_\n" } split /\n/, command('apt-config', 'dump');
}

# A base system with all archives that the tests install, made once in a run, by whoever is first: "bare", and
# "base" with systemd.
sub base {
	my ($name) = @_;
	make_path($PLACE);
	open my $lock, '>', "$PLACE/lock" or die "$PLACE/lock: $!";
	flock $lock, LOCK_EX or die "$PLACE/lock: $!";
	make_base("$PLACE/bare") unless -e "$PLACE/base/.made";
	return "$PLACE/$name";
}

sub make_base {
	my ($base) = @_;
	my @archives = archives();
	my ($uri, $suite) = @{ $archives[0] };
	remove_tree($base);
	must('debootstrap', '--variant=minbase', '--include=procps', $suite, $base, $uri);
	my $settings = apt_settings();
	for my $file ($settings =~ m{"(/[^"]+)"}g) {
		next unless -f $file;
		make_path("$base/" . $file =~ s{/[^/]*$}{}r);
		must('cp', '-L', $file, "$base$file");
	}
	Site::spew("$base/etc/apt/apt.conf.d/90settings", $settings . qq(APT::Install-Recommends "false";\n));
	Site::spew("$base/etc/apt/sources.list", join '', map { "deb @$_\n" } @archives);
	Site::spew("$base/etc/dpkg/dpkg.cfg.d/unsafe-io", "force-unsafe-io\n");
	must('chroot', $base, 'apt-get', 'update', '-qq');
	build_package();
	must('cp', package_file(), "$base/var/cache/leadmilter.deb");
	my @apt = ('chroot', $base, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', 'install', '-qq');
	must(@apt, '--download-only', '/var/cache/leadmilter.deb', @$_)
	    for [qw(systemd-sysv dbus postfix)], [qw(systemd-sysv dbus sendmail-bin sensible-mda sendmail-cf)],
	    [qw(systemd-standalone-sysusers ca-certificates)];
	unlink "$base/var/cache/leadmilter.deb";
	must('cp', '-a', $base, "$PLACE/base");
	$apt[1] = "$PLACE/base";
	must(@apt, qw(systemd-sysv dbus));
	Site::spew("$PLACE/base/.made", '');
}

# --- a machine ---

# Options: bare => 1, without systemd, as a container is
sub new {
	my ($class, %option) = @_;
	die "only root can make a machine\n" if $>;
	my $self = bless { owner => $$, pids => {} }, $class;
	my $base = base($option{bare} ? 'bare' : 'base');
	$self->{dir}  = tempdir('machine-XXXXXX', DIR => $PLACE);
	$self->{root} = "$self->{dir}/root";
	must('cp', '-a', $base, $self->{root});
	unlink "$self->{root}/.made";
	$self->write_file('/etc/hostname', "mail\n");
	$self->write_file('/etc/hosts', "127.0.0.1 localhost mail.example.com mail\n");
	$self->write_file('/etc/resolv.conf', '');
	!$option{bare} && $self->boot || $self->run_without_systemd;
	return $self;
}

sub booted { return $_[0]{booted} }

sub spawn {
	my ($self, $log, @command) = @_;
	my $pid = fork // die "fork: $!";
	if (!$pid) {
		POSIX::setsid();
		open STDIN,  '<',  '/dev/null';
		open STDOUT, '>>', $log or POSIX::_exit(1);
		open STDERR, '>&', \*STDOUT;
		{ no warnings; exec @command }
		POSIX::_exit(127);
	}
	return $pid;
}

sub child_of {
	my ($pid) = @_;
	my ($child) = split ' ', Site::slurp("/proc/$pid/task/$pid/children");
	return $child;
}

# systemd as its first process. @return whether it came up
sub boot {
	my ($self) = @_;
	my $log = "$self->{dir}/boot.log";
	return 0 if system('command -v systemd-nspawn >/dev/null');
	local $ENV{SYSTEMD_NSPAWN_UNIFIED_HIERARCHY} = 1;
	$self->{spawn} = $self->spawn($log, qw(systemd-nspawn --quiet --register=no --keep-unit --private-network
		--link-journal=no --resolv-conf=off --timezone=off -b -D), $self->{root});
	my $up = eval {
		Site::wait_for('the machine', sub {
			die "ended\n" if waitpid($self->{spawn}, POSIX::WNOHANG()) != 0;
			$self->{leader} = child_of($self->{spawn}) or return;
			return $self->run('systemctl is-system-running') =~ /^(running|degraded)/;
		}, 60);
	};
	return $self->{booted} = 1 if $up;
	print STDERR "# no machine can be booted here: ", (split /\n/, Site::slurp($log))[-1] // $@, "\n";
	$self->stop;
	return 0;
}

sub run_without_systemd {
	my ($self) = @_;
	my $log = "$self->{dir}/boot.log";
	# In a chroot the root is no mount, whose propagation could be changed.
	my $propagation = system('unshare --mount true 2>/dev/null') ? 'unchanged' : 'private';
	$self->{mounts} = [ map { "$self->{root}$_" } qw(/dev/shm /run /proc) ];
	$self->{spawn} = $self->spawn($log, qw(unshare --fork --pid --net --mount --ipc --uts --propagation), $propagation, 'sh', '-c',
		qq(ip link set lo up; mount -t proc proc $self->{root}/proc; mount -t tmpfs run $self->{root}/run;
		mount -t tmpfs dev $self->{root}/dev/shm; hostname mail; exec chroot $self->{root} sleep infinity));
	eval {
		Site::wait_for('namespaces', sub {
			$self->{leader} = child_of($self->{spawn}) and Site::slurp("/proc/$self->{leader}/comm") eq "sleep\n";
		});
	} or die $@ . Site::slurp($log);
}

# What enters the machine: all of it, or only its network.
sub enter {
	my ($self) = @_;
	my @spaces = qw(-m -u -i -n -p);
	push @spaces, '-C' if $self->{booted};
	return ('nsenter', '-t', $self->{leader}, @spaces, '-r', '-w');
}

sub network { return ('nsenter', '-t', $_[0]{leader}, '-n') }

# A shell command on the machine, as root. @return what it said; its status is in {status}
sub run {
	my ($self, $text) = @_;
	my $out = command($self->enter, 'env', '-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root', 'LC_ALL=C.UTF-8',
		'DEBIAN_FRONTEND=noninteractive', 'sh', '-c', $text);
	$self->{status} = $? >> 8;
	return $out;
}

sub path { return $_[0]{root} . $_[1] }
sub read_file  { return Site::slurp($_[0]->path($_[1])) }
sub write_file { return Site::spew($_[0]->path($_[1]), $_[2]) }

# Bring a file of this machine there. @return its path there
sub bring {
	my ($self, $file) = @_;
	my ($name) = $file =~ m{([^/]+)$};
	must('cp', $file, $self->path("/root/$name"));
	return "/root/$name";
}

# Install packages: names, or files of this machine.
sub install {
	my ($self, @packages) = @_;
	my @there = map { m{/} ? $self->bring($_) : $_ } @packages;
	return $self->run("apt-get install -y -o Dpkg::Options::=--force-confold @there");
}

# start, stop, restart or reload the daemon; without systemd as its unit would, as far as that goes.
sub service {
	my ($self, $verb) = @_;
	return $self->run("systemctl $verb leadmilter") if $self->{booted};
	return $self->run('leadctl reload') if $verb eq 'reload';
	$self->run('pkill -x leadmilter; while pgrep -r D,R,S,T -x leadmilter; do sleep 0.1; done') unless $verb eq 'start';
	return if $verb eq 'stop';
	my ($prepare) = $self->read_file('/lib/systemd/system/leadmilter.service') =~ /^ExecStartPre=\+(.*)/m;
	$self->run("$prepare; install -d -o leadmilter -g leadmilter -m 755 /run/leadmilter;
		install -d -o leadmilter -g leadmilter -m 750 /var/lib/leadmilter");
	$self->run('setpriv --reuid leadmilter --regid leadmilter --clear-groups --no-new-privs --bounding-set -all \
		env CREDENTIALS_DIRECTORY=/run/credentials/leadmilter.service leadmilter -f >>/var/log/leadmilter 2>&1 &
		for i in $(seq 600); do said=$(leadctl stats 2>/dev/null) && ! echo "$said" | grep -q "not running" && exit 0; sleep 0.1; done; exit 1');
}

# What the daemon and systemd said of it.
sub journal {
	my ($self) = @_;
	return $self->{booted} ? $self->run('journalctl --no-pager -o cat -u leadmilter') : $self->read_file('/var/log/leadmilter');
}

# The daemon's process id on the machine.
sub daemon { return $_[0]->run('pgrep -r D,R,S,T -x leadmilter') =~ /^(\d+)$/ ? $1 : undef }

# Every file and directory of it, but for what runs, logs and caches.
sub files {
	my ($self) = @_;
	my @skip = map { "-path $_ -o" } qw(/proc /sys /dev /run /tmp /var/tmp /var/log /var/cache /root
		/var/lib/dpkg /var/lib/apt /var/lib/systemd);
	$skip[-1] =~ s/ -o$//;
	return { map { $_ => 1 } split /\n/, $self->run("find / '(' @skip ')' -prune -o -print") };
}

# Send a mail to the machine by SMTP from itself. @return the server's last answer
sub smtp {
	my ($self, $from, $to, $text, $port) = @_;
	my $file = "$self->{dir}/mail.eml";
	Site::spew($file, $text =~ s/\r?\n/\r\n/gr);
	return command($self->network, 'perl', '-MNet::SMTP', '-e', <<'END', $port // 25, $from, $to, $file);
my ($port, $from, $to, $file) = @ARGV;
my $smtp = Net::SMTP->new('127.0.0.1', Port => $port, Timeout => 60, Hello => 'client.test') or die "no SMTP: $@";
open my $mail, '<:raw', $file or die;
$smtp->mail($from) && $smtp->to($to) && $smtp->data && $smtp->datasend(do { local $/; <$mail> }) && $smtp->dataend;
print $smtp->code, ' ', $smtp->message;
$smtp->quit;
END
}

# A person asks for an offer.
sub mail_of {
	my ($name, $address, $more) = @_;
	my $id = join '.', time, $$, ++$Machine::mails;
	return "From: $name <$address>\nTo: sales\@example.com\nMessage-ID: <$id\@client.test>\nSubject: Offer for a packaging line\n"
	    . 'Date: ' . POSIX::strftime('%a, %d %b %Y %H:%M:%S +0000', gmtime) . "\n\n"
	    . "Hello,\n\nwe are looking for a packaging line for our plant. Could you send a price list, and is a demo\n"
	    . "possible next week?\n" . ($more // '') . "\nKind regards\n$name\n";
}

sub stop {
	my ($self) = @_;
	my $pid = delete $self->{spawn} or return;
	kill 'KILL', $self->{leader} if $self->{leader};
	my $end = time + 10;
	sleep 0.05 while waitpid($pid, POSIX::WNOHANG()) == 0 && time < $end;
	kill 'KILL', $pid and waitpid $pid, 0 if kill 0, $pid;
	delete $self->{leader};
	# Where mounts spread to us from the machine's namespace they are ours to take away.
	my $mounts = Site::slurp('/proc/self/mounts');
	$mounts =~ / \Q$_\E / and system('umount', '--lazy', $_) for @{ delete $self->{mounts} // [] };
}

sub DESTROY {
	my ($self) = @_;
	return unless $self->{owner} == $$;
	local ($?, $@);
	kill 'KILL', $_ and waitpid $_, 0 for keys %{ $self->{pids} };
	$self->stop;
	remove_tree($self->{dir}) unless $ENV{LEADMILTER_KEEP};
}

1;
