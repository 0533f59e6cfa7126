package Network;

# Network.pm - a network for each host, inside this machine only: a namespace with one end of a pair of
# virtual interfaces; the other end is ours, and can be taken away.
#
#   my $network = Network->new(3) or skip;      # nothing without the right to
#   [ $network->wrapper(2), 'command', … ]      # runs it in host 2's
#   $network->cut(2); $network->mend(2);

use strict;
use warnings;

my $serial = 0;

sub run { return system(join(' ', @_) . ' >/dev/null 2>&1') == 0 }

sub new {
	my ($class, $count) = @_;
	my $self = bless { owner => $$, names => [] }, $class;
	return if $> != 0 || $ENV{LEADMILTER_NO_NAMESPACES};
	for my $n (1 .. $count) {
		my $id = sprintf '%d%d', $$ % 10_000, ++$serial;
		push @{ $self->{names} }, "lm$id";
		my ($name, $ours, $theirs) = ("lm$id", "lmo$id", "lmt$id");
		my ($a, $b) = map { $self->subnet($n) . ".$_" } 1, 2;
		run("ip netns add $name")
		    && run("ip link add $ours type veth peer name $theirs netns $name")
		    && run("ip addr add $a/30 dev $ours")
		    && run("ip link set $ours up")
		    && run("ip -n $name addr add $b/30 dev $theirs")
		    && run("ip -n $name link set $theirs up")
		    && run("ip -n $name link set lo up")
		    && run("ip -n $name route add default via $a")
		    or return;
	}
	return $self;
}

# 10.77.x.0, of which nobody else on this machine should know.
sub subnet { my ($self, $n) = @_; return sprintf '10.77.%d', ($$ % 80) * 3 + $n }

# Where host `n` reaches this machine.
sub address { my ($self, $n) = @_; return $self->subnet($n) . '.1' }

sub wrapper { my ($self, $n) = @_; return ('ip', 'netns', 'exec', $self->{names}[ $n - 1 ]) }

# Packets vanish: nobody is told.
sub cut  { my ($self, $n) = @_; $self->link($n, 'down') }
sub mend { my ($self, $n) = @_; $self->link($n, 'up') }

sub link {
	my ($self, $n, $state) = @_;
	(my $ours = $self->{names}[ $n - 1 ]) =~ s/^lm/lmo/;
	run("ip link set $ours $state") or die "ip link set $ours $state failed\n";
}

sub DESTROY {
	my ($self) = @_;
	return unless $self->{owner} == $$;
	local ($?, $@);
	run("ip netns del $_") for @{ $self->{names} };
}

1;
