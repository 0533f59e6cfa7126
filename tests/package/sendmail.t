#!/usr/bin/perl
# sendmail.t - Sendmail with the shipped line: a mail through it becomes a lead, and without the daemon mail
# goes on.  Debian's Postfix and Sendmail exclude each other, so this is a machine of its own.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP;
use Machine;
use Site;
use Test::More;

plan skip_all => 'a machine is made by root only: run `sudo make check-deb`' if $>;

my $machine = Machine->new;
my $out;

sub leads { return { map { my $lead = decode_json($_); ($lead->{address} => $lead) } grep { /^\{/ } split /\n/, $machine->run('leadctl --json leads') } }

subtest 'Sendmail, with the shipped line in sendmail.mc' => sub {
	$machine->run('useradd -m sales');
	$out = $machine->install('sendmail-bin', 'sendmail-cf', 'sensible-mda', Machine::package_file());
	is $machine->{status}, 0, 'apt install' or diag $out;
	$machine->service('start') unless $machine->booted;
	my $mc = $machine->read_file('/etc/mail/sendmail.mc');
	my $lines = $machine->read_file('/usr/share/doc/leadmilter/examples/sendmail.mc');
	like $lines, qr/^INPUT_MAIL_FILTER/m, 'an example';
	# The machine has no DNS.
	$mc =~ s/^(MAILER_DEFINITIONS|MAILER\()/FEATURE(`accept_unresolvable_domains')dnl\nFEATURE(`nocanonify')dnl\nLOCAL_DOMAIN(`example.com')dnl\n$lines$1/m or die 'sendmail.mc has no MAILER';
	$machine->write_file('/etc/mail/sendmail.mc', $mc);
	$out = $machine->run('cd /etc/mail && m4 sendmail.mc >sendmail.cf');
	is $out, '', 'm4';
	like $machine->read_file('/etc/mail/sendmail.cf'), qr{^Xleadmilter, S=local:/run/leadmilter/leadmilter\.sock}m, 'in sendmail.cf';
	$out = $machine->booted ? $machine->run('systemctl restart sendmail')
	    : $machine->run('install -d -o smmta -g smmsp /run/sendmail/mta; /usr/sbin/sendmail-mta -bd -q10m');
	is $machine->{status}, 0, 'started' or diag $out, $machine->run('journalctl --no-pager -n 30');
};

subtest 'a mail' => sub {
	my $answer = Site::wait_for('Sendmail', sub {
		my $said = $machine->smtp('anna.weber@weber-pumps.co.uk', 'sales@example.com',
			Machine::mail_of('Anna Weber', 'anna.weber@weber-pumps.co.uk'));
		$said =~ /^\d/ && $said;
	}, 60);
	like $answer, qr/^250/, 'is taken';
	my $lead = leads()->{'anna.weber@weber-pumps.co.uk'};
	ok $lead, '  is a lead' or diag $machine->journal, $machine->run('journalctl --no-pager -n 30');
	Site::wait_for('its delivery', sub { $machine->read_file('/var/mail/sales') =~ /^Kind regards/m }, 60);
	like $machine->read_file('/var/mail/sales'), qr/^X-Lead-Id: \Q$lead->{id}\E\r?$/m, '  and is delivered, stamped';
};

subtest 'without the daemon' => sub {
	$machine->service('stop');
	like $machine->smtp('otto.kern@kern-glas.ch', 'sales@example.com', Machine::mail_of('Otto Kern', 'otto.kern@kern-glas.ch')),
	    qr/^250/, 'mail goes on';
	$machine->service('start');
	is_deeply [ keys %{ leads() } ], ['anna.weber@weber-pumps.co.uk'], 'it is no lead';
	like $machine->smtp('vera.holm@holm-maskiner.dk', 'sales@example.com', Machine::mail_of('Vera Holm', 'vera.holm@holm-maskiner.dk')),
	    qr/^250/, 'mail after its start';
	ok leads()->{'vera.holm@holm-maskiner.dk'}, '  is';
};

done_testing;
