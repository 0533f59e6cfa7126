#!/usr/bin/perl
# story.t - whole stories through real Postfix, mail of others at port 25 and of ours at submission:
# from the first mail to the one a year later, with the daemon's clock moved in between.  Answers come to
# the salesperson's own mailbox, as they do.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP;
use POSIX qw(strftime);
use Site;
use Test::More;
use Time::Local qw(timegm);

use constant { HOUR => 60, DAY => 24 * 60 };                # minutes
use constant BEGIN_TIME => timegm(0, 0, 10, 23, 10, 2026);    # Monday, 23 November 2026, 10:00 UTC

my $json = JSON::PP->new->utf8;

sub site {
	my ($config) = @_;
	my $site = Site->new(
		submission    => 1,
		clock         => 1,
		receiver_port => Site::free_port(),    # nobody listens: the outbox keeps what there is to tell
		config        => <<"END" . ($config // ''),
own_networks = {"10.0.0.0/8"}
time_zone = "UTC"
owner "ivan\@example.test" {
}
owner "vera\@example.test" {
}
END
	);
	set_time($site, 0);
	$site->start_daemon;
	$site->start_postfix;
	return $site;
}

sub set_time {
	my ($site, $minutes) = @_;
	$site->{minutes} = $minutes;
	$site->set_clock(BEGIN_TIME + 60 * $minutes);
}

my $auth = 'Authentication-Results: mx.example.test; spf=pass smtp.mailfrom=buyers.test; dmarc=%s header.from=buyers.test';

# A mail as bytes. body => text; reply => id it answers; more => further header fields
sub mail {
	my (%m) = @_;
	my $body  = $m{body}  // "Hello, we need 20 pumps by May. What do they cost?\n\nRegards,\n$m{name}\n";
	my $reply = $m{reply} ? "In-Reply-To: <$m{reply}>\nReferences: <$m{reply}>\n" : '';
	my $more  = join '', map { "$_\n" } @{ $m{more} // [] };
	my $re    = $m{reply} ? 'Re: ' : '';
	return "${more}From: $m{name} <$m{from}>\nTo: $m{to}\nSubject: ${re}@{[ $m{subject} // 'Pumps' ]}\n"
	    . "Message-ID: <$m{id}>\n${reply}\n$body";
}

sub hard_bounce {
	my ($site, $address, $id) = @_;
	my $message = <<"END";
From: Mail Delivery System <mailer-daemon\@mx.buyers.test>
To: ivan\@example.test
Subject: Undelivered Mail Returned to Sender
Message-ID: <bounce.$id>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

The mail system could not deliver your message.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.buyers.test

Final-Recipient: rfc822; $address
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user

--b
Content-Type: text/rfc822-headers

From: Ivan Petrov <ivan\@example.test>
To: $address
Message-ID: <$id>

--b--
END
	return $site->send_mail('', 'ivan@example.test', $message, client => '192.0.2.7');
}

# Types of the events that came since the last time this was asked, per address, in their order.
sub news {
	my ($site) = @_;
	my @new = grep { !$site->{told}{ $_->{event} }++ } @{ $site->leadctl_json('outbox', 'list', '--most', 1000) };
	my %news;
	push @{ $news{ $_->{lead} } }, $_->{type} for reverse @new;
	return { map { $_ => join ' ', @{ $news{$_} } } keys %news };
}

# What is due, at once and not within a second.
sub sweep {
	my ($site) = @_;
	$site->leadctl('--now', '@' . (BEGIN_TIME + 60 * $site->{minutes}), 'sweep');
	return $site->{status} == 0 ? 250 : 0;
}

sub lead { $_[0]->leadctl_json('show', $_[1])->[0] }

sub rules {
	my ($site, $address) = @_;
	my $now       = '@' . (BEGIN_TIME + 60 * $site->{minutes} + 60);
	my $explained = $site->leadctl_json('--now', $now, 'explain', $address)->[0];
	return { map { $_->{rule} => 1 } @{ $explained->{contributions} } };
}

# One of a story's steps: what is sent, and what the lead is after it.
sub run_step {
	my ($site, $step) = @_;
	my ($minutes, $title, $send, $address, $want) = @$step;
	set_time($site, $minutes) if $minutes > $site->{minutes};
	if ($send) {
		is $send->($site), 250, "$title: taken" or diag $site->daemon_log;
	}
	my $lead = lead($site, $address);
	my %got  = %{$lead}{ grep { !ref $want->{$_} && exists $lead->{$_} } keys %$want };
	my $last = $lead->{history}[-1];
	my $news = news($site);
	$got{events} = $news->{ $lead->{id} } // '';
	$got{others} = join ' ', map { $news->{$_} } grep { $_ ne $lead->{id} } keys %$news;
	$got{touch}  = $last->{touch};
	$got{$_}     = $last->{$_} for grep { /latency|^note$/ } keys %$want;
	$got{$_}     = $lead->{$_} ? 1 : 0 for grep { /^(unreachable|unverified|opted_out)$/ } keys %$want;
	$got{task}   = $lead->{task} ? $lead->{task}{what} : undef if exists $want->{task};
	if ($want->{rules}) {
		my $rules = rules($site, $address);
		ok $rules->{$_}, "$title: $_" for @{ $want->{rules} };
	}
	my %plain = map { $_ => $want->{$_} } grep { $_ ne 'rules' } keys %$want;
	is_deeply { map { $_ => $got{$_} } keys %plain }, \%plain, $title
	    or diag explain \%got;
	return $lead;
}

# Seconds that a test takes are seconds of the story too: figures are compared in minutes.
sub about { my ($seconds) = @_; return defined $seconds ? int($seconds / 60 + 0.5) : undef }

sub their_mail {
	my (%m) = @_;
	$m{to} //= 'sales@example.test';
	return sub {
		my ($site) = @_;
		$site->send_mail($m{envelope} // $m{from}, $m{to}, mail(%m), client => '192.0.2.7');
	};
}

sub our_mail {
	my (%m) = @_;
	$m{body} //= "Dear customer,\nthey cost 120 each. When may I call you?\n";
	return sub { $_[0]->send_mail($m{from}, $m{to}, mail(%m), login => $m{from}) };
}

my %anna  = (name => 'Anna Kovacs',  from => 'anna@buyers.test');
my %boris = (name => 'Boris Kovacs', from => 'boris@buyers.test');
my %ivan  = (name => 'Ivan Petrov',  from => 'ivan@example.test');

my $absence = "I am out of the office until 11 January 2027. In urgent cases please write to\nboris\@buyers.test.\n";

subtest 'a lead, from its first mail to the one a year later' => sub {
	my $site = site();
	my ($first, @leads);
	my @story = (
		[
			0, 'a first mail',
			their_mail(%anna, id => 'a1@buyers.test'),
			$anna{from},
			{
				stage => 'eql', owner => undef, touch => 'mail', task => 'reply',
				events => 'lead.created', first_response => undef
			}
		],
		[
			15, 'sales answers',
			our_mail(%ivan, to => $anna{from}, id => 'i1@example.test', reply => 'a1@buyers.test'),
			$anna{from},
			{
				stage  => 'sal', owner => 'ivan@example.test', touch => 'owner_reply', task => undef,
				events => 'lead.updated lead.stage_changed lead.assigned'
			}
		],
		[
			35, 'the lead answers after 20 minutes',
			their_mail(%anna, to => 'ivan@example.test', id => 'a2@buyers.test', reply => 'i1@example.test',
				body => "Thank you. Do you deliver to Cluj, and could we have a demo of the pumps?\n"),
			$anna{from},
			{
				stage => 'sal', touch => 'reply', task => 'reply', events => 'lead.updated',
				rules => [ 'reply', 'reply-within-hour' ]
			}
		],
		[
			60, 'a colleague joins',
			their_mail(%boris, id => 'b1@buyers.test', subject => 'Delivery of pumps'),
			$boris{from},
			{
				stage => 'eql', owner => 'ivan@example.test', touch => 'mail', events => 'lead.created',
				rules => ['account-heat'], others => ''
			}
		],
		[
			70, 'what others write to the salesperson is no business of ours',
			their_mail(name => 'Otto Weber', from => 'otto@other.test', to => 'ivan@example.test',
				id => 'o1@other.test', subject => 'Lunch?', reply => 'i1@example.test'),
			$anna{from},
			{ stage => 'sal', touch => 'reply', events => '', others => '' }
		],
		[
			80, 'nor is what answers nothing',
			their_mail(name => 'Otto Weber', from => 'otto@other.test', to => 'ivan@example.test',
				id => 'o2@other.test', subject => 'Dinner?'),
			$anna{from},
			{ stage => 'sal', touch => 'reply', events => '', others => '' }
		],
		[
			90, 'sales writes once more',
			our_mail(%ivan, to => $anna{from}, id => 'i2@example.test', reply => 'a2@buyers.test'),
			$anna{from},
			{ stage => 'sal', touch => 'owner_reply', task => undef, events => 'lead.updated' }
		],
		[
			91, 'an absence note is nothing but a note',
			their_mail(%anna, to => 'ivan@example.test', id => 'a3@buyers.test', reply => 'i2@example.test', envelope => '',
				subject => 'Automatic reply: Pumps', body => $absence,
				more => [ 'Auto-Submitted: auto-replied', 'X-Auto-Response-Suppress: All' ]),
			$anna{from},
			{ stage => 'sal', touch => 'out_of_office', task => undef, events => '' }
		],
		[
			8 * DAY + 90, 'who is away owes no answer',
			sub { sweep($_[0]) },
			$anna{from},
			{ stage => 'sal', touch => 'out_of_office' }
		],
		[
			57 * DAY, 'nobody answers for a week after that',
			sub { my ($s) = @_; Site::wait_for('the clockwork', sub { lead($s, $anna{from})->{history}[-1]{touch} eq 'no_answer' }); 250 },
			$anna{from},
			{ stage => 'sal', touch => 'no_answer', note => 'our mail was not answered' }
		],
		[
			58 * DAY, 'and then once more',
			our_mail(%ivan, to => $anna{from}, id => 'i3@example.test', reply => 'a2@buyers.test'),
			$anna{from},
			{ stage => 'sal', touch => 'owner_reply', task => undef }
		],
		[
			58 * DAY + 1, 'the address is gone',
			sub { hard_bounce($_[0], $anna{from}, 'i3@example.test') },
			$anna{from},
			{
				stage  => 'disqualified', touch => 'bounce', unreachable => 1, task => undef,
				events => 'contact.bounced lead.stage_changed'
			}
		],
		[
			423 * DAY, 'she returns a year later',
			their_mail(%anna, id => 'a9@buyers.test', subject => 'New pumps'),
			$anna{from},
			{
				stage => 'eql', owner => 'ivan@example.test', touch => 'mail', task => 'reply', unreachable => 0,
				events => 'lead.updated lead.reopened lead.stage_changed', rules => ['returned']
			}
		],
	);
	for my $step (@story) {
		my $lead = run_step($site, $step);
		$first //= $lead->{id};
		push @leads, $lead;
	}
	my $anna    = $leads[-1];
	my %touches = map { "$_->{touch} " . ($_->{message_id} // '') => $_ } @{ $anna->{history} };
	is $anna->{id}, $first, 'one card all the time';
	is about($touches{'owner_reply i1@example.test'}{latency_seconds}), 15, 'the first response took 15 minutes';
	is about($touches{'reply a2@buyers.test'}{latency_seconds}),        20, 'her answer 20';
	is about($touches{'reply a2@buyers.test'}{working_latency_seconds}), 20, 'all of it in working hours';
	is about($touches{'owner_reply i3@example.test'}{latency_seconds}), undef, 'a second mail of ours answers nothing';
	like $touches{'out_of_office a3@buyers.test'}{note}, qr/^out of office until 2027-01-11; .*boris/, 'date and substitute';
	is_deeply [ map { $_->{to} } @{ $anna->{stages} } ], [qw(eql sal disqualified eql)], 'each stage';
	is_deeply [ grep { !$_->{cause} } @{ $anna->{stages} } ], [], 'has its cause';
	is scalar @{ $site->leads }, 2, 'two people in all';
	like $site->delivered('Dinner?'), qr/Otto/, 'and what is none of ours arrived';
	done_testing;
};

subtest 'a customer, and who says to be one' => sub {
	my $site = site("fallback_owner = \"vera\@example.test\"\n");
	Site::spew("$site->{dir}/customers.csv",
		"email,name,company,owner,id\nanna\@buyers.test,Anna Kovacs,Buyers,ivan\@example.test,C-1\n");
	my $time = strftime '%Y-%m-%dT%H:%M:%SZ', gmtime BEGIN_TIME;
	$site->leadctl('--now', $time, 'import', 'customers', "$site->{dir}/customers.csv");
	is $site->{status}, 0, 'imported';
	my $card = lead($site, $anna{from});
	is $card->{stage}, 'customer', 'a card';
	my @story = (
		[
			10, 'a From that fails DMARC does not write to it',
			their_mail(%anna, id => 's1@buyers.test', name => 'Anna Forged', more => [ sprintf $auth, 'fail' ],
				body => "Please send all invoices to my new account, we need 900 pumps.\n"),
			$anna{from},
			{ stage => 'customer', name => 'Anna Kovacs', events => '', others => 'lead.created' }
		],
		[
			20, 'with a pass it attaches',
			their_mail(%anna, id => 's2@buyers.test', more => [ sprintf $auth, 'pass' ]),
			$anna{from},
			{
				stage => 'customer', owner => 'ivan@example.test', name => 'Anna Kovacs', touch => 'mail',
				events => 'customer.activity', others => '', unverified => 0
			}
		],
	);
	run_step($site, $_) for @story;
	my ($shadow) = grep { $_->{id} ne $card->{id} } @{ $site->leads };
	$shadow = $site->leadctl_json('show', $shadow->{id})->[0];
	ok $shadow->{unverified}, 'the candidate is flagged';
	is $shadow->{linked}, $card->{id}, 'and says whom it claims to be';
	is $shadow->{stage}, 'nql', 'it is no lead for sales';
	is scalar @{ $site->leads }, 2, 'the second mail made no card';
};

done_testing;
