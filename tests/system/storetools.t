#!/usr/bin/perl
# storetools.t - whole stores: copied and killed on the way, saved beside mail, put back, repaired, moved to
# PostgreSQL and back with the daemon going on there; nothing half done is ever taken for a store.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use MilterClient;
use Postgres;
use Site;
use Test::More;
use Time::HiRes qw(sleep time);

my $number = 0;

sub send_one {
	my ($site) = @_;
	$number++;
	my $client = MilterClient->new($site->socket_spec) or die 'no milter';
	$client->negotiate;
	$client->connect_as;
	my $result = $client->message(
		from    => "p$number\@buyers$number.test",
		to      => 'sales@example.test',
		headers => [
			[ 'From',       "Person $number <p$number\@buyers$number.test>" ],
			[ 'To',         'sales@example.test' ],
			[ 'Subject',    "Offer $number" ],
			[ 'Message-ID', "<m$number\@buyers.test>" ],
			[ 'Date',       'Sat, 21 Nov 2026 10:00:00 +0000' ],
		],
		body => "Please send an offer.\r\n",
	);
	$client->quit;
	return $result;
}

# leadctl with its status and everything it said.
sub ctl {
	my ($site, @arguments) = @_;
	my $pid = open(my $pipe, '-|') // die "fork: $!";
	if (!$pid) {
		open STDERR, '>&', \*STDOUT;
		{ no warnings; exec "$Site::BUILD/leadctl", '-c', $site->config_path, @arguments }
		POSIX::_exit(127);
	}
	local $/;
	my $out = <$pipe> // '';
	close $pipe;
	return wantarray ? ($? >> 8, $out) : $out;
}

sub succeeds {
	my ($what, $site, @arguments) = @_;
	my ($code, $out) = ctl($site, @arguments);
	is $code, 0, $what or diag $out;
	return $out;
}

sub refused {
	my ($what, $words, $site, @arguments) = @_;
	my ($code, $out) = ctl($site, @arguments);
	is $code, 70, $what;
	like $out, $words, 'and says why';
}

sub python {
	my ($code, @arguments) = @_;
	system('python3', '-c', $code, @arguments) == 0 or die "python3: $?";
}

# A store with people who wrote, and enough rows besides that a copy takes a moment.
sub lived_in {
	my ($site, $people, $events) = @_;
	$site->start_daemon;
	send_one($site) for 1 .. $people;
	$site->stop_daemon;
	python(<<'END', "$site->{dir}/leads.db", $events) if $events;
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("""WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<?)
	INSERT INTO event(id, type, lead, time, has_text, body)
	SELECT 'evt_'||i, 'lead.updated', 1, i, 0, '{"pad": "'||hex(randomblob(100))||'"}' FROM n""", (int(sys.argv[2]),))
db.commit()
END
}

# What a command prints with --json is as its schema says, and everything in it is described.
sub described {
	my ($site, $schema, @command) = @_;
	local $ENV{LEADMILTER_NPM} = $ENV{LEADMILTER_NPM} // "$Site::BUILD/npm";
	my ($code, $out) = ctl($site, '--json', @command);
	Site::spew("$site->{dir}/$schema.json", $out);
	my $got = JSON::PP->new->decode(join '', qx(node "$FindBin::Bin/schema.mjs" $schema "$site->{dir}/$schema.json"));
	return is_deeply [ $got->{problems}, $got->{documents} > 0 ], [ [], 1 ], "$schema: valid and described" || diag explain $got;
}

# Sums of all tables, as the program counts them.
sub sums {
	my ($report) = @_;
	return { map { ($_->{table} => "$_->{rows} $_->{sum}") } @{ $report->{tables} } };
}

# Run a copy and kill it after `seconds`; what it said, or undef when it was killed.
sub copy_killed {
	my ($site, $from, $to, $seconds) = @_;
	my $pid = $site->start_process('copy',
		command => [ "$Site::BUILD/leadctl", '--json', '-c', $site->config_path, 'store', 'copy', $from, $to ]);
	sleep $seconds;
	$site->stop_process($pid, 'KILL');
}

# Killed at random moments until it is through; then it is the source, row by row.
sub copied_in_pieces {
	my ($site, $from, $to, $unfinished) = @_;
	my $began = time;
	my ($seen, $kills) = (0, 0);
	for (1 .. 12) {
		copy_killed($site, $from, $to, 0.02 + rand 0.4);
		$kills++;
		my ($code, $out) = ctl($site, 'store', 'check', $to);
		last if $code == 0;
		$seen++ if $out =~ /unfinished copy/;
		$unfinished->() if $unfinished && $out =~ /unfinished copy/ && $seen == 1;
	}
	my ($code, $out) = ctl($site, '--json', 'store', 'copy', $from, $to);
	# the last one killed may have been through already
	return ok(1, "through after $kills kills") if $code != 0 && $out =~ /is a store with rows in it/;
	is $code, 0, "through after $kills kills" or diag $out;
	return JSON::PP->new->decode($out);
}

subtest 'a copy that is killed again and again' => sub {
	my $site = Site->new;
	lived_in($site, 30, 60_000);
	my $copy = "$site->{dir}/copy.db";
	copied_in_pieces($site, "$site->{dir}/leads.db", $copy, sub {
		Site::spew("$site->{dir}/other.conf", $site->config_text =~ s{leads\.db}{copy.db}r);
		my $out = `timeout 20 $Site::BUILD/leadmilter -f -c $site->{dir}/other.conf 2>&1`;
		isnt $? >> 8, 0, 'a daemon does not start on it';
		like $out, qr/unfinished copy/, 'and says why';
	});
	succeeds('the copy is sound', $site, 'store', 'check', $copy);
	refused('it is not copied over', qr/needs a place that is empty/, $site,
		'store', 'copy', "$site->{dir}/leads.db", $copy);
	my $again = JSON::PP->new->decode(
		scalar ctl($site, '--json', 'store', 'copy', "$site->{dir}/leads.db", "$site->{dir}/again.db"));
	my $back = JSON::PP->new->decode(
		scalar ctl($site, '--json', 'store', 'copy', $copy, "$site->{dir}/back.db"));
	is_deeply sums($back), sums($again), 'all tables are the same';
	cmp_ok $again->{rows}, '>', 60_000, 'and they have rows';
};

subtest 'backup beside mail, and back' => sub {
	my $site = Site->new;
	my $file = "$site->{dir}/backup.db";
	$site->start_daemon;
	send_one($site) for 1 .. 10;
	my $out = succeeds('a backup while the daemon runs', $site, 'backup', $file);
	like $out, qr/10 leads/, 'says what is in it';
	is sprintf('%o', (stat $file)[2] & 0777), '600', 'nobody else can read it';
	ok !-e "$file.partial", 'nothing is left beside it';
	send_one($site) for 1 .. 5;
	refused('no restore under a running daemon', qr/only one may|is writing/, $site, 'restore', $file);
	refused('no copy of a store that is written to', qr/stop the daemon/, $site,
		'store', 'copy', "$site->{dir}/leads.db", "$site->{dir}/copy.db");
	succeeds('it may be looked through meanwhile', $site, 'store', 'check');
	$site->stop_daemon;
	my $said = succeeds('restored', $site, 'restore', $file);
	my ($aside) = $said =~ /is now (\S+)/;
	ok $aside && -e $aside, 'what was there is beside it';
	$site->start_daemon;
	is scalar @{ $site->leads }, 10, 'the leads of the backup';
	send_one($site);
	is scalar @{ $site->leads }, 11, 'and mail goes on';
	$site->stop_daemon;
	succeeds('sound', $site, 'store', 'check');
	python('import sqlite3,sys; sqlite3.connect(sys.argv[1]).execute("PRAGMA user_version=99")', $file);
	refused('a backup of a newer program is not restored', qr/newer program/, $site, 'restore', $file);
	Site::spew($file, 'nonsense');
	refused('nor what is none', qr/damaged|not a/, $site, 'restore', $file);
	is scalar @{ $site->leads }, 11, 'both changed nothing';
};

subtest 'a wrong scorecard is in nobody\'s way' => sub {
	my $site = Site->new;
	lived_in($site, 2);
	Site::spew($site->config_path, $site->config_text =~ s{scorecards/default}{scorecards/nosuch}r);
	refused('it is wrong', qr/nosuch/, $site, 'check');
	succeeds("$_->[0]", $site, @$_) for [ 'leads' ], [ 'stats' ], [ 'store', 'check' ],
	    [ 'backup', "$site->{dir}/b.db" ], [ 'compact' ];
};

subtest 'secrets of a service that is stopped are in nobody\'s way' => sub {
	my $site = Site->new;
	lived_in($site, 2);
	local %ENV = %ENV;
	delete $ENV{CREDENTIALS_DIRECTORY};
	my $kinds = q(secrets = {"credential:a", "file:gone", "env:LEADMILTER_GONE"}) . "\n" . q(headers = {"X-Key: credential:h"});
	Site::spew($site->config_path, $site->config_text . <<"END");
endpoint "away" {
	url = "credential:url"
	$kinds
	bearer = "credential:bearer"
}
endpoint "crm2" {
	url = "https://crm.example.test"
	adapter = "odoo"
	settings = {"database=crm", "user=u", "key=credential:odoo"}
}
client "site" { tokens = {"credential:t", "credential:u"} }
page_user "anna" { token = "credential:anna" }
page_user "ion" { token = "credential:ion" }
reply_token = true
reply_token_secret = {"credential:r"}
END
	my $backup = "$site->{dir}/b.db";
	succeeds("@$_", $site, @$_) for [ 'leads' ], [ 'stats' ], [ '--json', 'leads' ], [ 'store', 'check' ],
	    [ 'store', 'migrate' ], [ 'backup', $backup ], [ 'restore', $backup ], [ 'expire' ], [ 'compact' ];
	refused('what needs them', qr/"credential:\w+".*LoadCredential=/, $site, 'check');
	unlike ctl($site, 'outbox', 'list'), qr/not-read/, 'nothing stands in for them in what is shown';
};

subtest 'what root makes is the daemon\'s' => sub {
	plan skip_all => 'only root can give files away' if $>;
	my $site = Site->new;
	my @other = (scalar getpwnam('nobody'), scalar getgrnam('nogroup'));
	Site::spew($site->config_path, $site->config_text);
	chmod 0700, $site->{dir};
	chown @other, $site->{dir} or die "chown: $!";
	succeeds('a first command, no daemon yet', $site, 'expire');
	my @made = grep { -f && m{/leads\.db} } glob "$site->{dir}/*";
	cmp_ok scalar @made, '>', 1, 'the store and what stands beside it';
	is_deeply [ (stat)[ 4, 5 ] ], \@other, s{.*/}{}r for @made;
	Site::spew("$site->{dir}/roots", 'precious');
	unlink "$site->{dir}/leads.db.lock";
	symlink 'roots', "$site->{dir}/leads.db.lock";
	refused('a link in its directory', qr/leads\.db\.lock/, $site, 'expire');
	is Site::slurp("$site->{dir}/roots"), 'precious', '  and what it leads to is as it was';
	is +(stat "$site->{dir}/roots")[4], 0, '  also whose it is';
};

subtest 'damage is found, told and repaired' => sub {
	my $site = Site->new(receiver_port => Site::free_port());
	lived_in($site, 10);
	succeeds('sound', $site, 'store', 'check');
	python('import sqlite3,sys; sqlite3.connect(sys.argv[1]).executescript(sys.argv[2])', "$site->{dir}/leads.db",
		'DELETE FROM identity WHERE lead=3; UPDATE tally SET touches=7; UPDATE delivery SET head=0');
	my ($code, $out) = ctl($site, 'store', 'check');
	is $code, 1, 'findings';
	like $out, qr/identity .* of lead 3: .*--repair/, 'each with its table and key, and what to do';
	like $out, qr/touches are not what counting says/, 'counters too';
	like $out, qr/nobody would send it/, 'deliveries too';
	described($site, 'store-check', 'store', 'check');
	succeeds('repaired', $site, 'store', 'check', '--repair');
	succeeds('and sound', $site, 'store', 'check');
};

subtest 'what programs read is described' => sub {
	my $site = Site->new;
	lived_in($site, 3);
	described($site, 'store-check', 'store', 'check');
	described($site, 'store-check', 'store', 'check', '--repair');
	described($site, 'store-migrate', 'store', 'migrate', '--dry-run');
	described($site, 'store-copy', 'store', 'copy', "$site->{dir}/leads.db", "$site->{dir}/copy.db");
	described($site, 'backup', 'backup', "$site->{dir}/backup.db");
	described($site, 'restore', 'restore', "$site->{dir}/backup.db");
};

subtest 'to PostgreSQL, on there, and back' => sub {
	my $pg   = Postgres->new;
	my $url  = $pg->create_database('leads');
	my $site = Site->new;
	my $secret = $url =~ s/\?/?password=geheim&/r;
	for (['check'], ['migrate'], ['copy', $secret, "$site->{dir}/none.db"]) {
		my ($code, $out) = ctl($site, 'store', @$_ > 1 ? @$_ : (@$_, $secret));
		is $code, 1, "store $_->[0] of an empty database";
		like $out, qr/there is no store/, '  says so';
		unlike $out, qr/geheim/, '  and tells no password';
	}
	my $empty = Site->new(store => $secret);
	$empty->write_config;
	refused('nor are there leads', qr/there is no store yet; the daemon makes it/, $empty, 'leads');
	lived_in($site, 20, 30_000);
	my $file = "$site->{dir}/leads.db";
	copied_in_pieces($site, $file, $url, sub {
		Site::spew("$site->{dir}/other.conf", $site->config_text =~ s{"sqlite:\S+leads\.db"}{"$url"}r);
		my $out = `timeout 20 $Site::BUILD/leadmilter -f -c $site->{dir}/other.conf 2>&1`;
		like $out, qr/unfinished copy/, 'a daemon does not start on it';
	});
	succeeds('sound there', $site, 'store', 'check', $url);

	my $there = Site->new(store => $url);
	Site::spew($there->config_path, $there->config_text =~ s{^store = .*}{store = "$url"}mr);
	$there->start_daemon(keep_config => 1);
	is scalar @{ $there->leads }, 20, 'the daemon has the leads';
	my $result = send_one($there);
	ok $result->{added}{'X-Lead-Id'}, 'and makes another one';
	my $backup = "$there->{dir}/backup.db";
	like succeeds('a backup beside the daemon', $there, 'backup', $backup), qr/21 leads/, 'is one file';
	Site::wait_for('its sign of life', sub { $pg->sql('SELECT 1 FROM leadmilter.host', 'leads') =~ /1/ }, 60);
	refused('no copy of what is served', qr/serves it; stop/, $there, 'store', 'copy', $url, "$there->{dir}/x.db");
	$there->stop_daemon;
	succeeds('sound', $there, 'store', 'check');

	my $home = "$site->{dir}/home.db";
	copied_in_pieces($site, $url, $home);
	succeeds('back in a file', $site, 'store', 'check', $home);
	is ctl($site, '--json', 'stats') =~ /"leads":(\d+)/ && $1, 20, 'what it was copied from is as it was';

	like succeeds('the backup restored', $there, 'restore', $backup), qr/leadmilter_replaced_/,
	    'what was there is kept under another name';
	succeeds('sound', $there, 'store', 'check');
	$there->start_daemon(keep_config => 1);
	is scalar @{ $there->leads }, 21, 'and serves again';
	ok send_one($there)->{added}{'X-Lead-Id'}, 'with new numbers for new leads';
	$there->stop_daemon;

	$pg->sql('UPDATE leadmilter.schema_version SET number=99', 'leads');
	my $out = `timeout 20 $Site::BUILD/leadmilter -f -c @{[$there->config_path]} 2>&1`;
	isnt $? >> 8, 0, 'an older daemon does not start on a newer store';
	like $out, qr/newer program/, 'and says why';
};

done_testing;
