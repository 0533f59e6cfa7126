#!/usr/bin/perl
# store.t - the store is full, locked, damaged or of another version: no mail suffers, nothing is lost.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use MilterClient;
use Site;
use Test::More;
use Time::HiRes qw(time);

my $number = 0;

sub send_one {
	my ($site, %more) = @_;
	$number++;
	my $client = MilterClient->new($site->socket_spec) or die 'no milter';
	$client->negotiate;
	$client->connect_as;
	my $began  = time;
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
		body => "Please send an offer.\r\n" . ($more{padding} // ''),
	);
	$client->quit;
	$result->{took} = time - $began;
	return $result;
}

sub python {
	my ($code, @arguments) = @_;
	system('python3', '-c', $code, @arguments) == 0 or die "python3: $?";
}

sub run_daemon {
	my ($site) = @_;
	my $out = `timeout 20 $Site::BUILD/leadmilter -f -c @{[$site->config_path]} 2>&1`;
	return ($? >> 8, $out);
}

subtest 'a store that somebody locks' => sub {
	my $site = Site->new(config => "store_deadline_ms = 1500\n");
	$site->start_daemon;
	send_one($site);
	my $lock = $site->start_process('lock', command => [ 'python3', '-c', <<'END', "$site->{dir}/leads.db" ]);
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("begin immediate")
print("locked", flush=True)
time.sleep(60)
END
	Site::wait_for('the lock', sub { Site::slurp("$site->{dir}/lock.log") =~ /locked/ });
	my $result = send_one($site);
	is $result->{verdict}, 'c', 'the mail goes on';
	is $result->{added}{'X-Lead-Status'}, 'spooled', 'marked as spooled';
	cmp_ok $result->{took}, '<', 4, 'about its deadline later';
	my @more = map { send_one($site) } 1 .. 5;
	cmp_ok $_->{took}, '<', 1.2, 'the next ones do not wait' for @more;
	$site->stop_process($lock, 'KILL');
	Site::wait_for('the spool to be taken', sub { @{ $site->leads } == 7 });
	pass 'all seven are leads';
	Site::wait_for('a normal answer', sub { send_one($site)->{added}{'X-Lead-Id'} });
	pass 'and later mail is answered at once again';
};

subtest 'a full disk' => sub {
	my $site  = Site->new;
	my $small = "$site->{dir}/small";
	mkdir $small;
	plan skip_all => 'needs to mount a tmpfs'
	    if system("mount -t tmpfs -o size=3m none $small 2>/dev/null") != 0;
	my $unmount = Unmount->new($small);
	$site->{config} = qq(store_text = true\n);
	{
		no warnings 'redefine';
		my $text = $site->config_text;
		$text =~ s{sqlite:\Q$site->{dir}\E/leads}{sqlite:$small/leads};
		Site::spew($site->config_path, $text);
	}
	$site->start_daemon(keep_config => 1);
	my $earlier = $number;
	send_one($site) for 1 .. 20;
	my $ballast = "$small/ballast";
	system("dd if=/dev/zero of=$ballast bs=4k count=2000 2>/dev/null");
	my (@spooled, $result);
	for (1 .. 400) {
		$result = send_one($site);
		is $result->{verdict}, 'c', 'accepted' or last if $result->{verdict} ne 'c';
		push @spooled, $result if ($result->{added}{'X-Lead-Status'} // '') eq 'spooled';
		last if @spooled >= 5;
	}
	is scalar @spooled, 5, 'messages go to the spool';
	like $site->daemon_log, qr/full|no space/i, 'the log says that the disk is full';
	my $sent = $number;
	unlink $ballast;
	Site::wait_for('the spool to be taken', sub { $site->leadctl_json('stats')->[0]{daemon}{spool_files} == 0 }, 30);
	my $leads = $site->leads(5000);
	is scalar(@$leads), $sent - $earlier, 'with room again every message is a lead';
	$site->leadctl('check');
	is $site->{status}, 0, 'the store is sound';
	$site->stop_daemon('KILL');
};

subtest 'store and spool both fail' => sub {
	my $site  = Site->new(config => "store_deadline_ms = 200\n");
	$site->start_postfix;
	$site->{config} .= "spool_max_bytes = 1048576\n";
	$site->start_daemon;
	my $lock = $site->start_process('lock', command => [ 'python3', '-c', <<'END', "$site->{dir}/leads.db" ]);
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("begin immediate")
print("locked", flush=True)
time.sleep(60)
END
	Site::wait_for('the lock', sub { Site::slurp("$site->{dir}/lock.log") =~ /locked/ });
	# The spool takes one megabyte: mails that wait fill it.
	my $ballast = "From: Early <early\@buyers.test>\nTo: sales\@example.test\nSubject: Offer\n\n" . ("z" x 70 . "\n") x 4000;
	is $site->send_mail('early@buyers.test', 'sales@example.test', "Message-ID: <early.$_\@buyers.test>\n$ballast"), 250,
	    "ballast $_" for 1 .. 4;
	my $mail = "From: Late <late\@buyers.test>\nTo: sales\@example.test\nSubject: Offer\n"
	    . "Message-ID: <late\@buyers.test>\nDate: Sat, 21 Nov 2026 10:00:00 +0000\n\nPlease send an offer.\n" . ('z' x 70 . "\n") x 4000;
	is $site->send_mail('late@buyers.test', 'sales@example.test', $mail), 250, 'the mail goes on';
	my $delivered = $site->delivered('<late@buyers.test>');
	like $delivered, qr/^X-Lead-Status: unprocessed$/m, 'marked as unprocessed';
	like $site->daemon_log, qr/unprocessed: store: .*; spool: /, 'the log names both reasons';
	$site->stop_process($lock, 'KILL');
	$site->leadctl('replay', "$site->{dir}/postfix/mail/box");
	is $site->{status}, 0, 'leadctl replay on the mailbox';
	is scalar(grep { $_->{address} eq 'late@buyers.test' } @{ $site->leads }), 1, 'finds the lead';
};

subtest 'files that are no store of ours' => sub {
	my $site = Site->new;
	$site->write_config;
	my $path = "$site->{dir}/leads.db";
	Site::spew($path, 'this is not a database, but it is long enough to be one. ' x 100);
	my $before = Site::slurp($path);
	my ($code, $out) = run_daemon($site);
	is $code, 70, 'garbage: the daemon does not start';
	like $out, qr/\Q$path\E/, 'and names the file';
	is Site::slurp($path), $before, 'which it leaves alone';
	unlink $path;
	python('import sqlite3,sys; d=sqlite3.connect(sys.argv[1]); d.execute("create table t(a)"); d.commit()', $path);
	($code, $out) = run_daemon($site);
	is $code, 70, "another program's database";
	like $out, qr/\Q$path\E/, 'and names the file';
};

subtest 'a store of a newer version' => sub {
	my $site = Site->new;
	$site->start_daemon;
	send_one($site);
	$site->stop_daemon;
	my $path = "$site->{dir}/leads.db";
	python('import sqlite3,sys; d=sqlite3.connect(sys.argv[1]); '
		    . 'd.execute("pragma user_version=%d" % (d.execute("pragma user_version").fetchone()[0]+1000))', $path);
	my ($code, $out) = run_daemon($site);
	is $code, 70, 'is refused';
	like $out, qr/newer/, 'clearly';
};

subtest 'a damaged store' => sub {
	my $site = Site->new;
	$site->start_daemon;
	send_one($site) for 1 .. 50;
	$site->stop_daemon;
	my $path = "$site->{dir}/leads.db";
	my $file = Site::slurp($path);
	substr($file, $_ * 4096 + 8, 2000) = "\xff" x 2000 for 2 .. length($file) / 4096 - 2;
	Site::spew($path, $file);
	my $out = $site->leadctl('check') . `$Site::BUILD/leadctl -c @{[$site->config_path]} check 2>&1`;
	isnt $site->{status}, 0, 'leadctl check says no';
	like $out, qr/\Q$path\E/, 'and names the file';
};

done_testing;

package Unmount;
sub new { my ($class, $path) = @_; return bless { path => $path, owner => $$ }, $class }
sub DESTROY { my ($self) = @_; system("umount -l $self->{path}") if $self->{owner} == $$ }
