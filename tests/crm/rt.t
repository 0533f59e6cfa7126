#!/usr/bin/perl
# rt.t - the adapter for Request Tracker against a real one (Debian's request-tracker5, SQLite).
#
# Its own stage, `make check-rt`: it needs 250 packages.  Its database is made once per build directory.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../system/lib";
use File::Copy qw(copy);
use File::Path qw(make_path);
use HTTP::Tiny;
use JSON::PP;
use Site;
use Test::More;
use Trial;

my $server = '/usr/share/request-tracker5/libexec/rt-server';
my $seed   = "$Site::BUILD/rt";
die "needs the package request-tracker5\n" unless -x $server;
$ENV{PATH} = '/usr/sbin:/usr/bin:/sbin:/bin';

sub configure {
	my ($dir, $port) = @_;
	make_path($dir);
	Site::spew("$dir/RT_SiteConfig.pm", <<"END");
Set(\$rtname, 'example.test');
Set(\$Organization, 'example.test');
Set(\$WebDomain, '127.0.0.1');
Set(\$WebPort, $port);
Set(\$DatabaseType, 'SQLite');
Set(\$DatabaseName, '$dir/rt.sqlite');
Set(\$DatabaseUser, '');
Set(\$DatabasePassword, '');
Set(\$MailCommand, 'testfile');
Set(\$LogToSyslog, undef);
Set(\$LogToSTDERR, 'error');
Set(\$LogDir, '$dir');
Set(\$NotifyActor, 0);
Set(\$RestrictReferrer, 0);
Set(%GnuPG, Enable => 0);
Set(%SMIME, Enable => 0);
1;
END
	$ENV{RT_SITE_CONFIG} = "$dir/RT_SiteConfig.pm";
}

if (!-s "$seed/rt.sqlite" || !-s "$seed/token") {
	unlink "$seed/rt.sqlite";
	configure($seed, 80);
	system("rt-setup-database-5 --action init --skip-create --datadir /usr/share/request-tracker5/etc"
		. " >$seed/log 2>&1 && perl $FindBin::Bin/rt-seed.pl >$seed/token.new 2>>$seed/log"
		. " && mv $seed/token.new $seed/token") == 0
	    or die "no RT database: " . Site::slurp("$seed/log");
}

my $site = Site->new;
my $port = Site::free_port();
configure("$site->{dir}/rt", $port);
copy("$seed/rt.sqlite", "$site->{dir}/rt/rt.sqlite") or die "copy: $!";
my ($token) = Site::slurp("$seed/token") =~ /(\S+)/;
my ($http, $json) = (HTTP::Tiny->new(timeout => 30), JSON::PP->new->utf8);

sub get {
	my ($path, %query) = @_;
	my $answer = $http->get("http://127.0.0.1:$port/REST/2.0$path?" . $http->www_form_urlencode(\%query),
		{ headers => { Authorization => "token $token" } });
	return $answer->{success} ? $json->decode($answer->{content}) : undef;
}

sub start {
	my $pid = $site->start_process('rt', command => [ $server, '--host', '127.0.0.1', '--port', $port,
		'--server', 'HTTP::Server::PSGI' ]);
	Site::wait_for('RT', sub { get('/rt') }, 60);
	return $pid;
}

sub count {
	my ($address) = @_;
	my $found = get('/tickets', query => "Requestor.EmailAddress = '$address'")->{items};
	my $notes = 0;
	for my $ticket (@$found) {
		my $history = get("/ticket/$ticket->{id}/history", fields => 'Type', per_page => 100)->{items};
		$notes += grep { $_->{Type} eq 'Comment' } @$history;
	}
	return { records => scalar @$found, notes => $notes };
}

Trial->new(
	site     => $site,
	name     => 'rt',
	port     => $port,
	settings => qq("token=$token", "queue=Leads"),
	start    => \&start,
	stop     => sub { $site->stop_process($_[0], 'KILL') },
	count    => \&count,
	kills    => [ 3, 5 ], # the writes: RT takes seconds to start
	wrong    => [ qr/token=[^"]+/, 'token=1-31-00000000000000000000000000000000', 9 ],
)->run;

done_testing;
