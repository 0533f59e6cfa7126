#!/usr/bin/perl
# route.t - mail of leads routed: as the milter protocol says it, and through real Postfix.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use MilterClient;
use Site;
use Test::More;

my $number = 0;
my $body   = "Hello, please send me an offer for two machines.\r\n";

# One mail of a new person; further arguments replace header fields.
sub letter {
	my ($name, %field) = @_;
	$number++;
	my %header = (
		From         => "$name Smith <$name\@buyers.test>",
		To           => 'sales@example.test',
		Subject      => 'Offer, please',
		'Message-ID' => "<$name.$number\@buyers.test>",
		Date         => 'Sat, 21 Nov 2026 10:00:00 +0000',
		%field
	);
	return [ map { [ $_, $header{$_} ] } grep { defined $header{$_} } sort keys %header ];
}

sub text { join('', map { "$_->[0]: $_->[1]\n" } @{ $_[0] }) . "\n$body" }

sub client {
	my ($site, %o) = @_;
	my $client = MilterClient->new($site->socket_spec) or return;
	$client->negotiate(%o);
	$client->connect_as('192.0.2.7');
	return $client;
}

sub present {
	my ($client, $letter, %more) = @_;
	return $client->message(
		from    => 'ada@buyers.test',
		to      => 'sales@example.test',
		headers => $letter,
		body    => $body,
		macros  => { E => { i => "Q$number" } },
		%more
	);
}

sub stats { $_[0]->leadctl_json('stats')->[0]{daemon} }

# --- the protocol ---

subtest 'nothing is asked of the MTA that no rule needs' => sub {
	my $header_only = 0x1 | 0x10;
	for (
		[ '', $header_only, 'no rule' ],
		[ "route \"t\" {\nsubject_tag = \"[lead]\"\nheaders = {\"X-Team: sales\"}\n}\n", $header_only, 'fields only' ],
		[ "route \"a\" {\nadd = {\"team\@example.test\"}\n}\n", $header_only | 0x4 | 0x80, 'recipients' ],
		[ "route \"r\" {\nreplace = \"team\@example.test\"\n}\n", $header_only | 0x4 | 0x8 | 0x80, 'replacing' ],
		[ "route \"q\" {\nquarantine = \"look\"\n}\n", $header_only | 0x20, 'quarantine' ],
	    )
	{
		my ($rules, $wanted, $label) = @$_;
		my $site = Site->new(config => $rules);
		$site->start_daemon;
		my $client = client($site);
		is $client->{actions}, $wanted, $label;
		$client->quit;
	}
};

subtest 'what the MTA is told' => sub {
	my $site = Site->new(config => <<'END');
route "urgent" {
	when = "message.subject matches '*urgent*'"
	add = {"team@example.test"}
	headers = {"X-Team: sales", "X-Kind: urgent"}
	subject_tag = "[hot]"
}
route "mine" {
	when = "message.subject matches '*mine*'"
	replace = "boss@example.test"
	keep_copy = "archive@example.test"
}
route "held" {
	when = "message.subject matches '*hold*'"
	quarantine = "looks odd"
	stop = true
}
END
	$site->start_daemon;
	my $client = client($site);
	my $plain  = present($client, letter('plain'));
	is_deeply [ @{$plain}{qw(recipients changed)}, $plain->{held} ], [ [], {}, undef ], 'no rule holds: nothing';
	ok $plain->{added}{'X-Lead-Id'}, 'but the lead is told';

	my @urgent = (letter('urgent', Subject => 'Urgent: offer'));
	my $urgent = present($client, @urgent);
	is_deeply $urgent->{recipients}, ['+team@example.test NOTIFY=NEVER'],
	    'a copy, of which the writer gets no reports';
	is $urgent->{added}{'X-Team'}, 'sales', 'a field';
	is $urgent->{added}{'X-Kind'}, 'urgent', 'another';
	is_deeply $urgent->{changed}, { Subject => '[hot] Urgent: offer' }, 'the tag';
	is $urgent->{added}{'X-Lead-Routed'}, 'by=mx.example.test', 'the mark';

	my $again = present($client, @urgent);
	is_deeply [ @{$again}{qw(recipients changed)} ], [ @{$urgent}{qw(recipients changed)} ], 'a second try is answered alike';

	my $answer = present($client, letter('urgent', Subject => 'Re: [hot] Urgent: offer'));
	is_deeply $answer->{changed}, {}, 'no second tag';
	my $encoded = present($client, letter('jens', Subject => '=?UTF-8?Q?F=C3=BCr_?= =?UTF-8?Q?heute_urgent?='));
	is_deeply $encoded->{changed}, { Subject => '[hot] =?UTF-8?Q?F=C3=BCr_?= =?UTF-8?Q?heute_urgent?=' },
	    'encoded words stay as they are';
	my $bytes = present($client, letter('juri', Subject => "urgent: F\xfcr heute"));
	is_deeply $bytes->{changed}, { Subject => "[hot] urgent: F\xfcr heute" }, 'so do bytes';

	my $mine = present($client, letter('mine', Subject => 'mine'));
	is_deeply $mine->{recipients}, [ '+boss@example.test', '+archive@example.test', '-sales@example.test' ],
	    'replaced, with a copy, and reports as ever';
	is $mine->{added}{'X-Lead-Original-To'}, 'sales@example.test', 'the original is named';

	is present($client, letter('held', Subject => 'hold this'))->{held}, 'looks odd', 'quarantine';

	my $forged = present($client, letter('forged', 'X-Team' => 'admin', 'X-Kind' => 'vip', 'X-Lead-Original-To' => 'x@y.test'));
	is_deeply [ sort map { $_->[0] } @{ $forged->{removed} } ], [ 'X-Kind', 'X-Lead-Original-To', 'X-Team' ],
	    'fields of rules from outside are removed';

	my $loop = present($client, letter('loop', Subject => 'urgent', 'X-Lead-Routed' => 'by=mx.example.test'));
	is_deeply $loop->{recipients}, [], 'mail routed before gets no recipients';
	is $loop->{added}{'X-Lead-Routed'}, 'by=mx.example.test', 'and stays marked';
	is stats($site)->{routed}, 8, 'counted';
	like $site->daemon_log, qr/Q\d+: routed by urgent$/m, 'and logged by the rule';
};

subtest 'an MTA that refuses' => sub {
	my $site = Site->new(config => "route \"mine\" {\nreplace = \"boss\@example.test\"\nsubject_tag = \"[x]\"\n}\n");
	$site->start_daemon;
	my $got = present(client($site, actions => 0x11), letter('one'));
	like $got->{verdict}, qr{[ac]}, "the mail goes on";
	is_deeply $got->{recipients}, [], 'the recipient stays';
	is_deeply $got->{changed}, { Subject => '[x] Offer, please' }, 'the rest is done';
	my $half = present(client($site, actions => 0x11 | 0x8), letter('two'));
	is_deeply $half->{recipients}, [], 'nobody is taken away where nobody could be added';
	like $site->daemon_log, qr/the MTA refused adding a recipient boss\@example\.test/, 'logged';
	is stats($site)->{changes_refused}, 2, 'counted';
};

subtest 'the owner' => sub {
	my $site = Site->new(
		config    => "route \"mine\" {\nadd = {\"owner\"}\n}\n",
		mailboxes => "mailbox \"sales\@example.test\" {\nowner = \"petra\@example.test\"\n}\n"
		    . "mailbox \"shop\@example.test\" {\nowner = \"agent\@elsewhere.test\"\n}\n"
	);
	$site->start_daemon;
	my $client = client($site);
	is_deeply present($client, letter('one'))->{recipients}, ['+petra@example.test NOTIFY=NEVER'], 'gets a copy';
	is_deeply present($client, letter('two'), to => [ 'sales@example.test', 'Petra@example.test' ])->{recipients}, [],
	    'not a second one';
	is_deeply present($client, letter('three', From => 'Eve Moon <eve@else.test>'), to => 'shop@example.test')->{recipients}, [], 'not one who is elsewhere';
	like $site->daemon_log, qr/not routed to agent\@elsewhere\.test/, 'which is logged';
	is stats($site)->{routes_refused}, 1, 'and counted';
};

subtest 'a configuration that could loop or leak is refused' => sub {
	my $site = Site->new;
	for (
		[ 'add = {"x@elsewhere.test"}',     qr/:\d+: route "r": "x\@elsewhere\.test" is neither in own_domains/ ],
		[ 'add = {"sales@example.test"}',   qr/route "r": "sales\@example\.test" is a watched mailbox itself/ ],
		[ 'when = "lead.sore > 1"',         qr/:\d+:\d+: unknown signal "lead\.sore"/ ],
		[ 'headers = {"Bcc: x@y.test"}',    qr/route "r": header "Bcc: x\@y\.test"/ ],
	    )
	{
		my ($text, $wanted) = @$_;
		$site->{config} = "route \"r\" {\n$text\n}\n";
		$site->write_config;
		my $out = `$Site::BUILD/leadmilter -t -c @{[$site->config_path]} 2>&1`;
		is $? >> 8, 78, "exit 78 for $text";
		like $out, $wanted, 'and it says why';
	}
};

# --- Postfix ---

sub headers { (split /\n\n/, $_[0], 2)[0] }

# The delivered copies of a mail, by recipient (Delivered-To).
sub copies {
	my ($site, $needle, $count) = @_;
	my %copy;
	Site::wait_for("$count copies of $needle", sub {
		%copy = ();
		for my $file (glob "$site->{dir}/postfix/mail/box/new/*") {
			my $mail = Site::slurp($file);
			next if index($mail, $needle) < 0;
			$copy{ ($mail =~ /^Delivered-To: (.*)$/m)[0] } = $mail;
		}
		return keys %copy >= $count;
	});
	return \%copy;
}

subtest 'through Postfix' => sub {
	my $site = Site->new(config => <<'END');
recipient_delimiter = "+"
route "urgent" {
	when = "message.subject matches '*urgent*'"
	add = {"team@example.test"}
	subject_tag = "[hot]"
	headers = {"X-Team: sales"}
}
route "mine" {
	when = "message.subject matches '*mine*'"
	replace = "boss@example.test"
}
route "held" {
	when = "message.subject matches '*hold*'"
	quarantine = "looks odd"
}
END
	$site->start_daemon;
	$site->start_postfix;
	my $urgent = letter('ada', Subject => 'urgent offer');
	is $site->send_mail('ada@buyers.test', 'sales@example.test', text($urgent)), 250, 'taken';
	my $copies = copies($site, $urgent->[2][1], 2);
	is_deeply [ sort keys %$copies ], [ 'sales@example.test', 'team@example.test' ], 'both have it';
	for (values %$copies) {
		like headers($_), qr/^Subject: \[hot\] urgent offer$/m, 'tagged';
		like headers($_), qr/^X-Team: sales$/m,                 'with the field';
		like headers($_), qr/^X-Lead-Routed: /m,                'and the mark';
	}
	my $mine = letter('bob', Subject => 'mine');
	is $site->send_mail('bob@buyers.test', 'sales@example.test', text($mine)), 250, 'taken';
	$copies = copies($site, $mine->[2][1], 1);
	is_deeply [ keys %$copies ], ['boss@example.test'], 'replaced';
	like headers($copies->{'boss@example.test'}), qr/^X-Lead-Original-To: sales\@example\.test$/m, 'the original is named';

	my $held = letter('cyd', Subject => 'hold');
	is $site->send_mail('cyd@buyers.test', 'sales@example.test', text($held)), 250, 'taken';
	my $queue = `postqueue -c $site->{postfix}/etc -p`;
	like $queue, qr/^\Q$site->{queue_id}\E!/m, 'on hold in the queue';

	# routed mail that comes back to a watched mailbox, as by an alias of the team
	my $back = $copies->{'boss@example.test'};
	$back = (copies($site, $urgent->[2][1], 2))->{'team@example.test'};
	is $site->send_mail('ada@buyers.test', 'sales@example.test', $back), 250, 'routed mail comes round again';
	Site::wait_for('the third copy', sub { $site->delivered_count >= 4 });
	is $site->delivered_count, 4, 'and goes to nobody else';
	is scalar @{ $site->leads }, 3, 'three people, three leads';
};

subtest 'a token instead of References' => sub {
	my $site = Site->new(
		config  => qq(reply_token = true\nreply_token_secret = {"file:token.secret"}\n),
		main_cf => "recipient_delimiter = +\n"
	);
	Site::spew("$site->{dir}/token.secret", "a secret of this test\n");
	chmod 0600, "$site->{dir}/token.secret";
	$site->start_daemon;
	$site->start_postfix;
	is $site->send_mail('ada@buyers.test', 'sales@example.test', text(letter('ada'))), 250, 'first mail';
	my ($lead) = @{ $site->leads };
	my %ours = (
		From    => 'Anna Popescu <anna@example.test>',
		To      => 'ada@buyers.test',
		Subject => 'Our offer'
	);
	# default_transport discards what leaves the house: the copy in the house shows it
	my @out = ('anna@example.test', [ 'ada@buyers.test', 'copy@example.test' ]);
	is $site->send_mail(@out, text(letter('sent', %ours))), 250, 'our answer';
	my $sent = $site->delivered("sent.$number\@buyers.test");
	my ($reply_to) = headers($sent) =~ /^Reply-To: (.*)$/m;
	like $reply_to, qr/^Anna Popescu <anna\+lm-[a-z2-7]{32}\@example\.test>$/, 'has a token';
	my ($address) = $reply_to =~ /<(.*)>/;

	# no References, another subject, another address: only the token tells
	my %answer = (From => 'Ada Smith <ada@home.test>', To => $reply_to, Subject => 'Sounds good');
	is $site->send_mail('ada@home.test', $address, text(letter('answer', %answer))), 250, 'an answer to it';
	my $answer = $site->delivered("answer.$number\@buyers.test");
	like headers($answer), qr/^Delivered-To: anna\+?.*\@example\.test$/m, 'reaches Anna';
	like headers($answer), qr/^X-Lead-Id: \Q$lead->{id}\E$/m, 'and is the lead\'s, though Anna is not watched';
	like $site->daemon_log, qr/lead=\Q$lead->{id}\E .*by token\)/, 'nothing else showed it';
	is stats($site)->{tokens_matched}, 1, 'by its token';

	for (
		[ 'Reply-To'       => 'office@example.test',  'an address of their own' ],
		[ 'DKIM-Signature' => 'v=1; a=rsa-sha256; x', 'signed already' ],
		[ 'From'           => 'x@elsewhere.test',     'an author who is none of ours' ],
		[ 'From' => 'Anna <anna@example.test>, Bob <bob@example.test>', 'two authors' ],
		[ 'From' => 'anna.with.a.very.long.name.indeed@example.test', 'no room' ],
	    )
	{
		my ($name, $value, $label) = @$_;
		is $site->send_mail(@out, text(letter('other', %ours, $name => $value))), 250, 'taken';
		my $other = headers($site->delivered("other.$number\@buyers.test"));
		unlike $other, qr/lm-[a-z2-7]{32}/, "no token: $label";
	}

	my $forged = $address =~ s/lm-\K(.)/$1 eq 'd' ? 'e' : 'd'/er;
	my $before = @{ $site->leads };
	is $site->send_mail('eve@else.test', $forged, text(letter('eve', From => 'Eve <eve@else.test>'))), 250, 'a forged one';
	is scalar @{ $site->leads }, $before, 'makes no lead of mail to a colleague';
	is $site->send_mail('eve@else.test', $forged =~ s/^anna/sales/r, text(letter('eve', From => 'Eve Moon <eve@else.test>'))), 250,
	    'one at a watched mailbox';
	my ($eve) = grep { ($_->{address} // '') eq 'eve@else.test' } @{ $site->leads };
	ok $eve, 'is mail to that mailbox';
	is stats($site)->{tokens_refused}, 1, 'and counted';
};

done_testing;
