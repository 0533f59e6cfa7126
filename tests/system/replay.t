#!/usr/bin/perl
# replay.t - an archive beside what is known already, and a start that fails in the background.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Site;
use Test::More;

sub mail {
	my ($id, $date, $more) = @_;
	return ($more // '') . <<"END";
From: Anna Kovacs <anna\@buyers.test>
To: sales\@example.test
Subject: Offer, please
Date: $date
Message-ID: <$id\@buyers.test>

Hello, we are looking for a ticket system. Could you send us your prices?
END
}

my $site = Site->new;
$site->write_config;
my $dir = $site->{dir};
Site::spew("$dir/new.eml", mail('new', 'Sat, 21 Nov 2026 10:00:00 +0000'));
Site::spew("$dir/old.eml", mail('old', 'Sat, 24 Oct 2026 10:00:00 +0000'));

subtest 'an older message does not hide what came later' => sub {
	$site->leadctl('replay', '--shadow', "$dir/new.eml");
	my $before = $site->leads->[0]{score};
	$site->leadctl('replay', '--shadow', "$dir/old.eml");
	my $after = $site->leads->[0]{score};
	cmp_ok $before, '>', 0,       'points';
	cmp_ok $after,  '>=', $before, 'are not lost';
};

subtest 'one address in several fields of the delivering agent is one recipient' => sub {
	Site::spew("$dir/one.eml", mail('one', 'Sat, 21 Nov 2026 11:00:00 +0000', "Delivered-To: sales\@example.test\n"));
	Site::spew("$dir/two.eml", mail('one', 'Sat, 21 Nov 2026 11:00:00 +0000',
		"X-Original-To: sales\@example.test\nDelivered-To: Sales\@example.test\n"));
	like $site->leadctl('replay', '--shadow', "$dir/one.eml"), qr/attach 1/, 'first';
	like $site->leadctl('replay', '--shadow', "$dir/two.eml"), qr/duplicate 1/, 'known';
};

subtest 'a start that fails in the background says why' => sub {
	my $config = Site::slurp($site->config_path);
	$config =~ s{^control_socket = .*}{control_socket = "$dir/nowhere/control.sock"}m;
	$config =~ s{^log_target = .*}{log_target = "syslog"}m;
	Site::spew("$dir/wrong.conf", $config);
	my $said = qx($Site::BUILD/leadmilter -c $dir/wrong.conf 2>&1);
	is $? >> 8, 70, 'its exit status';
	like $said, qr{nowhere/control\.sock}, 'the place';
};

done_testing;
