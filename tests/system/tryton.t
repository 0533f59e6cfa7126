#!/usr/bin/perl
# tryton.t - the adapter for Tryton against a real one (Debian's tryton-server, SQLite).
#
# Its database is made once per build directory, which takes 20 seconds, and copied for each run.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use File::Copy qw(copy);
use File::Path qw(make_path);
use HTTP::Tiny;
use JSON::PP;
use Site;
use Test::More;
use Trial;

my $password = 'Kx7!pQw2Zr9@vT';
my $seed     = "$Site::BUILD/tryton/crm.sqlite";
plan skip_all => 'needs the package tryton-modules-sale-opportunity' unless -x '/usr/bin/trytond';
$ENV{PATH} = '/usr/sbin:/usr/bin:/sbin:/bin'; # Debian's python3

sub make_seed {
	my $dir = "$Site::BUILD/tryton/new";
	make_path($dir);
	Site::spew("$dir/crm.sqlite", '');
	Site::spew("$dir/conf",       "[database]\nuri = sqlite://\npath = $dir\n[password]\nlength = 8\n");
	Site::spew("$dir/password",   "Ju4x.Wq9!zLp2");
	local $ENV{TRYTONPASSFILE} = "$dir/password";
	my $made = "trytond-admin -c $dir/conf -d crm --all -u sale_opportunity --activate-dependencies"
	    . " --email admin\@localhost >$dir/log 2>&1"
	    . " && python3 -W ignore $FindBin::Bin/tryton/setup.py $dir/conf crm '$password' >>$dir/log 2>&1";
	system('sh', '-c', $made) == 0 or die "no Tryton database: " . Site::slurp("$dir/log");
	rename "$dir/crm.sqlite", $seed or die "$seed: $!";
}

make_seed() unless -s $seed;
my $site = Site->new;
my $port = Site::free_port();
make_path("$site->{dir}/tryton");
copy($seed, "$site->{dir}/tryton/crm.sqlite") or die "copy: $!";
Site::spew("$site->{dir}/tryton.conf", <<"END");
[database]
uri = sqlite://
path = $site->{dir}/tryton
[web]
listen = 127.0.0.1:$port
[password]
length = 8
END

my ($http, $json) = (HTTP::Tiny->new(timeout => 20), JSON::PP->new->utf8);
my $authorization;

sub call {
	my ($method, @params) = @_;
	my $database = $method eq 'common.server.version' ? '' : 'crm/';
	my $answer = $http->post("http://127.0.0.1:$port/$database", {
		content => $json->encode({ id => 1, method => $method, params => \@params }),
		headers => { 'Content-Type' => 'application/json', $authorization ? (Authorization => $authorization) : () },
	});
	return $answer->{success} ? $json->decode($answer->{content})->{result} : undef;
}

sub start {
	my $pid = $site->start_process('tryton', command => [ '/usr/bin/trytond', '-c', "$site->{dir}/tryton.conf", '-d', 'crm' ]);
	Site::wait_for('Tryton', sub { defined call('common.server.version') }, 30);
	return $pid;
}

sub count {
	my ($address) = @_;
	if (!$authorization) {
		my $session = call('common.db.login', 'leadmilter', { password => $password });
		require MIME::Base64;
		$authorization = 'Session ' . MIME::Base64::encode_base64("leadmilter:$session->[0]:$session->[1]", '');
	}
	my $found = call('model.sale.opportunity.search', [ [ 'party.contact_mechanisms.value', '=', $address ] ],
		0, undef, undef, {});
	my $notes = 0;
	$notes += @{ call('model.ir.note.search', [ [ 'resource', '=', "sale.opportunity,$_" ] ], 0, undef, undef, {}) }
	    for @$found;
	my $parties = call('model.party.contact_mechanism.search', [ [ 'value', '=', $address ] ], 0, undef, undef, {});
	return { records => @$parties == 1 ? scalar @$found : "with " . @$parties . " parties", notes => $notes };
}

Trial->new(
	site     => $site,
	name     => 'tryton',
	port     => $port,
	path     => '/crm',
	settings => qq("user=leadmilter", "password=$password"),
	start    => \&start,
	stop     => sub { $site->stop_process($_[0], 'KILL') },
	count    => \&count,
	wrong    => [ qr/\Q$password\E/, 'Wr0ng.Pa55word', 1 ],
)->run;

done_testing;
