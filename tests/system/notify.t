#!/usr/bin/perl
# notify.t - owners told by mail, through real Postfix: what arrives, and what it must not start.

use strict;
use warnings;
use Encode ();
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::INET;
use MIME::Base64 ();
use MIME::QuotedPrint ();
use Site;
use Test::More;

sub text {
	my ($name, $subject, %field) = @_;
	my %header = (
		From         => "$name Smith <$name\@buyers.test>",
		To           => 'sales@example.test',
		Subject      => $subject,
		'Message-ID' => "<$name\@buyers.test>",
		Date         => 'Sat, 21 Nov 2026 10:00:00 +0000',
		%field
	);
	return join('', map { "$_: $header{$_}\n" } sort keys %header) . "\nHello, please send us an offer for two machines.\n";
}

sub notify_section {
	my ($site, %more) = @_;
	my %option = (
		smtp => "\"smtp://127.0.0.1:$site->{smtp_port}\"",
		from => '"Leads <leads@example.test>"',
		url  => '"https://crm.example.test/leads/{lead.id}"',
		%more
	);
	return "notify \"owners\" {\n" . join('', map { "\t$_ = $option{$_}\n" } sort keys %option) . "}\n";
}

sub site {
	my (%more) = @_;
	my $mailboxes = delete $more{mailboxes} // "mailbox \"sales\@example.test\" {\nowner = \"petra\@example.test\"\n}\n";
	my $site = Site->new(mailboxes => $mailboxes);
	$site->{smtp_port} = Site::free_port();
	$site->{config} = notify_section($site, %more);
	$site->start_daemon;
	return $site;
}

sub notifications {
	my ($site) = @_;
	return grep { /^X-LeadMilter: notification$/m } map { Site::slurp($_) } glob "$site->{dir}/postfix/mail/box/new/*";
}

sub wait_for_notifications {
	my ($site, $count) = @_;
	my @mails;
	Site::wait_for("$count notifications", sub { (@mails = notifications($site)) >= $count });
	return @mails;
}

# Header block and decoded text.
sub parts {
	my ($mail) = @_;
	my ($head, $body) = split /\n\n/, $mail, 2;
	$head =~ s/\n[ \t]+/ /g;
	return ($head, Encode::decode('UTF-8', MIME::QuotedPrint::decode($body)));
}

subtest 'the owner is told of a new lead' => sub {
	my $site = site();
	$site->start_postfix;
	is $site->send_mail('ada@buyers.test', 'sales@example.test', text('ada', 'Two machines')), 250, 'a mail';
	my ($mail) = wait_for_notifications($site, 1);
	my ($head, $body) = parts($mail);
	my ($lead) = @{ $site->leads };
	like $head, qr/^Delivered-To: petra\@example\.test$/m,         'to the owner';
	like $head, qr/^Return-Path: <>$/m,                            'from nobody who could be answered';
	like $head, qr/^From: Leads <leads\@example\.test>$/m,         'by us';
	like $head, qr/^Subject: New lead: Ada Smith.*\(\d+, [A-D]\)$/mi, 'the subject says what it is';
	like $head, qr/^In-Reply-To: <ada\@buyers\.test>$/m,           'it stands beside the lead\'s mail';
	like $head, qr/^Auto-Submitted: auto-generated$/m,             'marked for robots';
	like $head, qr/^X-Auto-Response-Suppress: All$/m,              'and for Exchange';
	like $body, qr/^Subject:\s+Two machines$/m,                    'what was asked';
	like $body, qr/^Why:\s+[+-]\d+  \S/m,                          'why it counts';
	like $body, qr{^Card:\s+https://crm\.example\.test/leads/\Q$lead->{id}\E$}m, 'where the card is';
	Site::wait_for('the delivery', sub { $site->leadctl_json('outbox', 'list')->[0]{state} eq 'delivered' });
	pass 'and the outbox has it as delivered';
};

subtest 'hostile names and subjects' => sub {
	my $site = site();
	$site->start_postfix;
	my $name = MIME::Base64::encode("Eve\r\nBcc: all\@example.test\r\n\r\n<script>", '');
	is $site->send_mail('eve@buyers.test', 'sales@example.test', text('eve', "=?UTF-8?B?$name?=", From => "=?UTF-8?B?$name?= <eve\@buyers.test>")),
	    250, 'a mail';
	my ($mail) = wait_for_notifications($site, 1);
	my ($head, $body) = parts($mail);
	unlike $head, qr/^Bcc:/mi, 'no field of theirs';
	is scalar(() = $head =~ /^(To|From|Subject|Message-ID):/mg), 4, 'each field once';
	like $body, qr/^leadmilter at mx\.example\.test$/m, 'the text is ours to its end';
};

subtest 'no lead comes of our own mails' => sub {
	# the owner's mailbox is watched, too, and so is the notifications' author
	my $site = site(mailboxes => <<'END');
mailbox "sales@example.test" {
owner = "petra@example.test"
}
mailbox "petra@example.test" {
}
mailbox "leads@example.test" {
}
END
	$site->start_postfix;
	is $site->send_mail('ada@buyers.test', 'sales@example.test', text('ada', 'Two machines')), 250, 'a mail';
	my ($mail) = wait_for_notifications($site, 1);
	Site::wait_for('its decision', sub { $site->daemon_log =~ /our own notification|kind=auto_reply/ });
	is scalar @{ $site->leads }, 1, 'one lead';
	# sent back from outside, as a forwarding rule does
	for my $to ('sales@example.test', 'petra@example.test') {
		is $site->send_mail('petra@elsewhere.test', $to, $mail =~ s/\r?\n/\n/gr), 250, "it comes back to $to";
	}
	Site::wait_for('all decisions', sub { () = $site->daemon_log =~ /decision=none/g; 3 <= (() = $site->daemon_log =~ /decision=none/g) });
	is scalar @{ $site->leads }, 1, 'still one lead';
	is scalar(notifications($site)), 3, 'and one notification, twice more as it came back';
};

subtest 'a server that is away' => sub {
	my $site = site(to => '{"owner", "boss@example.test"}');
	$site->start_postfix;
	$site->stop_postfix;
	# the lead comes by another way than the mail server that is away
	open my $file, '>', "$site->{dir}/mail" or die;
	print $file "Return-Path: <ada\@buyers.test>\nDelivered-To: sales\@example.test\n", text('ada', 'Two machines');
	close $file;
	$site->leadctl('replay', "$site->{dir}/mail");
	Site::wait_for('a try', sub { ($site->leadctl_json('outbox', 'list')->[0]{attempts} // 0) > 0 });
	Site::wait_for('its end', sub { $site->daemon_log =~ /endpoint owners: .*; (?:deliveries wait|attempt)/ });
	$site->start_postfix;
	$site->leadctl('outbox', 'retry', $site->leadctl_json('outbox', 'list')->[0]{id});
	my %to = map { /^Delivered-To: (.*)$/m ? ($1 => 1) : () } wait_for_notifications($site, 2);
	is_deeply [ sort keys %to ], [ 'boss@example.test', 'petra@example.test' ], 'told when it is back, owner and boss';
};

subtest 'what is refused when it is read' => sub {
	my $site = Site->new;
	for (
		[ 'from = "nobody"',                                                qr/endpoint "owners": expected from/ ],
		[ 'from = "a@example.test"' . "\n" . 'smtp = "http://x/"',          qr/notify "owners": expected smtp/ ],
		[ 'from = "a@example.test"' . "\n" . 'url = "https://x/{lead.nme}"', qr/expected a URL with/ ],
		[ 'from = "a@example.test"' . "\n" . 'to = {"everybody"}',          qr/to: "everybody"/ ],
		[ 'from = "a@example.test"' . "\n" . 'when = "lead.sore > 1"',      qr/unknown signal "lead\.sore"/ ],
	    )
	{
		my ($text, $wanted) = @$_;
		$site->{config} = "notify \"owners\" {\n$text\n}\n";
		$site->write_config;
		my $out = `$Site::BUILD/leadmilter -t -c @{[$site->config_path]} 2>&1`;
		is $? >> 8, 78, 'exit 78';
		like $out, $wanted, 'and it says why';
	}
};

done_testing;
