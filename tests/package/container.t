#!/usr/bin/perl
# container.t - what contrib/Containerfile says, done step by step on a bare Debian: the last stage with the
# package that is being tested; its first stage is `make deb`, which made that package.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Machine;
use Site;
use Test::More;

plan skip_all => 'a machine is made by root only: run `sudo make check-deb`' if $>;

my $text = Site::slurp("$Site::ROOT/contrib/Containerfile");
$text =~ s/^#.*\n//mg;
$text =~ s/\\\n\s*//g;
my @stages = map { [ map { [/^(\S+)\s+(.*)/] } grep { /\S/ } split /\n/ ] } split /^(?=FROM )/m, $text;

sub words { my ($name) = @_; return map { $_->[1] } grep { $_->[0] eq $name } @{ $stages[-1] } }

is scalar(@stages), 2, 'two stages';
like $_->[0][1], qr{^docker\.io/library/debian:bookworm}, "from $_->[0][1]" for @stages;
my ($from, $to) = (words('COPY'))[0] =~ /^--from=build (\S+) (\S+)$/;
is_deeply [ $stages[0][-1][0], $stages[0][-1][1] ], [ 'RUN', 'make deb B=/build' ], 'the first builds the package';
is $from, '/build/deb/leadmilter_*.deb', '  and the second takes it';

my $machine = Machine->new(bare => 1);
Machine::must('cp', Machine::package_file(), $machine->path($to));
for my $step (words('RUN')) {
	my $out = $machine->run($step);
	is $machine->{status}, 0, substr($step, 0, 60) . ' …' or diag $out;
}
my ($user)  = words('USER');
my ($start) = words('ENTRYPOINT');
my ($check) = (words('HEALTHCHECK'))[0] =~ /CMD (.*)/;
my $as_user = "setpriv --reuid $user --regid $user --clear-groups --no-new-privs --bounding-set -all --inh-caps -all";
isnt $machine->run("$as_user id -u"), "0\n", 'the user is not root';
ok !-e $machine->path('/lib/systemd/systemd'), 'systemd was not installed';

# The two options that the Containerfile names.
my ($options) = Site::slurp("$Site::ROOT/contrib/Containerfile") =~ /^#   (socket = .*\n#   log_target = .*)/m;
$options =~ s/^#   //mg;
$machine->write_file('/etc/leadmilter/leadmilter.conf', $machine->read_file('/etc/leadmilter/leadmilter.conf') . "$options\n");
$machine->write_file('/root/health', "$check\n");
$machine->run('chmod 755 /root; chmod 1777 /tmp');
my $healthy = sub { $machine->run("$as_user sh /root/health"); return $machine->{status} == 0 };
ok !$healthy->(), 'it is not healthy before it runs';
my $command = join ' ', $start =~ /"([^"]*)"/g;
$machine->run("$as_user $command >/tmp/container.log 2>&1 &");
ok eval { Site::wait_for('health', $healthy, 60) }, '  and is then' or diag $machine->read_file('/tmp/container.log');
is $machine->run(q(awk '$4 == "0A" { print $2 }' /proc/net/tcp)), "00000000:22BB\n", 'it listens at 8891';
$machine->run('pkill -TERM -x leadmilter');
ok eval { Site::wait_for('its end', sub { !defined $machine->daemon }, 30) }, 'and ends when asked';

done_testing;
