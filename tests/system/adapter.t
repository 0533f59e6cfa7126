#!/usr/bin/perl
# adapter.t - adapters over the network: each script against a small HTTP server that answers as the
# CRM's documentation says; then in the daemon, where some of them mean harm.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use File::Path qw(make_path);
use IO::Socket::INET;
use JSON::PP;
use POSIX ();
use Site;
use Test::More;
use Time::HiRes qw(sleep time);

my $json    = JSON::PP->new->utf8->canonical->allow_nonref;
my $scripts = "$Site::ROOT/tests/data/adapters";
my $site    = Site->new;
my $dir     = $site->{dir};
my $port    = Site::free_port();

# --- a server that gives the answers of $dir/answers.json one after another and logs what it got ---

sub read_request {
	my ($socket) = @_;
	my $head = '';
	while ($head !~ /\r\n\r\n/) {
		sysread($socket, $head, 8192, length $head) or return;
	}
	($head, my $body) = split /\r\n\r\n/, $head, 2;
	my ($length) = $head =~ /^content-length:\s*(\d+)/mi;
	while (length $body < ($length // 0)) {
		sysread($socket, $body, 65536, length $body) or return;
	}
	my ($method, $target) = $head =~ /^(\S+) (\S+)/;
	my @fields = map { s/\r$//r } grep { /^[\w-]+:/ } split /\n/, $head;
	return { method => $method, target => $target, fields => \@fields, body => $body };
}

sub answer {
	my ($socket) = @_;
	my $request = read_request($socket) or return;
	my $answers = $json->decode(Site::slurp("$dir/answers.json"));
	my $answer  = shift(@$answers) // { status => 500 };
	Site::spew("$dir/answers.json", $json->encode($answers)) if @$answers;
	open my $log, '>>', "$dir/server.log" or die;
	print $log $json->encode($request), "\n";
	close $log;
	my $body = $answer->{body} // '';
	$body = $json->encode($body) if ref $body || JSON::PP::is_bool($body) || $body =~ /^\d+$/;
	utf8::encode($body) if utf8::is_utf8($body);
	my $fields = join '', map { "$_\r\n" } @{ $answer->{headers} // [] };
	print $socket "HTTP/1.1 $answer->{status} X\r\n${fields}Content-Length: " . length($body)
	    . "\r\nConnection: close\r\n\r\n$body";
}

my $listen = IO::Socket::INET->new(Listen => 50, LocalAddr => '127.0.0.1', LocalPort => $port, ReuseAddr => 1)
    or die "listen: $!";
my $server = fork // die "fork: $!";
if (!$server) {
	$SIG{PIPE} = 'IGNORE';
	while (my $client = $listen->accept) { answer($client); close $client }
	POSIX::_exit(0);
}
$site->{pids}{$server} = 'server';
close $listen;

sub server_log { return [ map { $json->decode($_) } split /\n/, Site::slurp("$dir/server.log") ] }

# --- every script ---

$site->{config} = qq(adapter_directory = "$Site::ROOT/hooks/adapters"\n);
$site->write_config;

# A request of the script as the server must see it: its URL's path at the server's address.
sub expected {
	my ($request) = @_;
	my ($target) = $request->{url} =~ m{^https?://[^/]+(.*)$};
	my $body = $request->{body};
	my %fields = map { /^([\w-]+):\s*(.*)$/ ? (lc $1 => $2) : () } @{ $request->{headers} };
	return { method => $request->{method}, target => $target || '/', body => $body, fields => \%fields };
}

sub seen {
	my ($request, $wanted) = @_;
	my %fields = map { /^([\w-]+):\s*(.*)$/ ? (lc $1 => $2) : () } @{ $request->{fields} };
	my $body = length $request->{body} ? eval { $json->decode($request->{body}) } // $request->{body} : undef;
	return {
		method => $request->{method}, target => $request->{target}, body => $body,
		fields => { map { $_ => $fields{$_} } keys %{ $wanted->{fields} } },
	};
}

# Values without the difference of 7 and "7", which JSON::PP would see.
sub canonical { my $text = $json->encode($_[0] // undef); $text =~ s/:(-?\d+)(?=[,}\]])/:"$1"/g; return $text }

sub run_scenario {
	my ($name, $adapter, $script, $scenario) = @_;
	my $want = $script->{scenarios}{$scenario};
	my $url  = "http://127.0.0.1:$port" . ($script->{url} =~ m{^https?://[^/]+(/.*)?$} ? $1 // '' : '');
	unlink "$dir/server.log";
	Site::spew("$dir/answers.json", $json->encode($want->{answers}));
	my @set = map { $script->{settings}{$_} =~ m{^https://} ? ('--set', "$_=http://127.0.0.1:$port") : () }
	    sort keys %{ $script->{settings} };
	my $said = $site->leadctl_json('--now', '2026-11-21T10:00:00Z', 'adapter', 'test', '--send', '--answers',
		"$scripts/$name.json", '--scenario', $scenario, '--url', $url, @set, $adapter,
		"$scripts/events/$want->{event}.json")->[0];
	my @wanted = map { expected($_) } @{ $want->{requests} };
	my $log    = server_log();
	my @seen   = map { seen($log->[$_], $wanted[$_] // {}) } 0 .. $#$log;
	is canonical(\@seen), canonical(\@wanted), "$scenario: its requests";
	my ($got, $end) = ($said->{outcome}, $want->{outcome});
	is "$got->{kind} " . ($got->{id} // '') . ' ' . ($got->{status} // ''),
	    "$end->{kind} " . ($end->{id} // '') . ' ' . ($end->{status} // ''), "$scenario: its outcome";
}

for my $file (sort glob "$scripts/*.json") {
	my ($name) = $file =~ m{([^/]+)\.json$};
	my $script = $json->decode(Site::slurp($file));
	subtest "$name over HTTP" => sub {
		run_scenario($name, $script->{adapter} // $name, $script, $_) for sort keys %{ $script->{scenarios} };
	};
}

subtest 'leadctl and the manual know them all' => sub {
	my $manual = Site::slurp("$Site::ROOT/contrib/man/leadmilter-adapters.7");
	my $list   = $site->leadctl_json('adapter', 'list');
	is $site->{status}, 0, 'every one can be loaded';
	for (@$list) {
		like $manual, qr/^\.It \Q$_->{adapter}\E Ta .* Ta \Q$_->{tested}\E$/m, "$_->{adapter}: tested against $_->{tested}";
	}
	is scalar(() = $manual =~ /^\.It \w+ Ta /mg), scalar(@$list), 'and no other';
};

subtest 'a new one is a file, a script, and works' => sub {
	my $new = "$dir/new";
	$site->leadctl('adapter', 'new', '--directory', $new, 'mycrm');
	is $site->{status}, 0, 'adapter new';
	system 'cp', "$Site::ROOT/hooks/adapters/lib.lua", $new;
	$site->{config} = qq(adapter_directory = "$new"\n);
	$site->write_config;
	my $said = $site->leadctl_json('adapter', 'test', '--record', 'mycrm', "$scripts/events/mail-1.json")->[0];
	is $said->{outcome}{kind}, 'done', 'adapter test';
	is scalar(@{ $said->{exchange} }), 4, 'finds, creates, looks for the note, attaches it';
	my $written = $json->decode(Site::slurp("$new/examples/mycrm.json"));
	is scalar(@{ $written->{scenarios}{create}{requests} }), 4, 'is recorded';
	$site->leadctl('adapter', 'new', '--directory', $new, 'mycrm');
	is $site->{status}, 70, 'what is there is not written over';
	$site->leadctl('adapter', 'test', 'none', "$scripts/events/mail-1.json");
	is $site->{status}, 1, 'an unknown one';
};

subtest 'credentials are not shown' => sub {
	Site::spew("$dir/key", "sekret-4711\n");
	chmod 0600, "$dir/key";
	$site->{config} = <<"END";
adapter_directory = "$Site::ROOT/hooks/adapters"
endpoint "odoo" {
	url = "https://odoo.example.com/hidden-path"
	adapter = "odoo"
	settings = {"database=crm", "user=me", "key=file:$dir/key"}
}
END
	$site->write_config;
	my $said = $site->leadctl('adapter', 'test', '--endpoint', 'odoo', '--answers', "$scripts/odoo.json", 'odoo',
		"$scripts/events/mail-1.json");
	like $said, qr/kind: done/, 'a run with the settings of an endpoint';
	unlike $said, qr/sekret|hidden-path/, 'shows neither key nor path';
};

# --- in the daemon ---

my $own = "$dir/adapters";
make_path($own);

sub adapter {
	my ($name, $body) = @_;
	Site::spew("$own/$name.lua", "return { name = '$name', deliver = function(event, crm)\n$body\nend }\n");
}

my %hostile = (
	endless => [ 'while true do end',                                  qr/endless\.lua:2: runs on and on/ ],
	memory  => [ 'local t = {} while true do t[#t + 1] = ("x"):rep(9999) .. #t end', qr/memory\.lua: needs more than/ ],
	rep     => [ 'return ("x"):rep(1 << 40)',                          qr/rep\.lua:2: string\.rep/ ],
	pattern => [ 'return ("x"):rep(1 << 17):match(".-.-.-.-b")',       qr/pattern\.lua:2: the pattern/ ],
	middle  => [ "crm:post('/one', {})\nlocal none = nil\nreturn none.id", qr/middle\.lua:4: attempt to index a nil value/ ],
	deep    => [ 'local t = {} t[1] = t crm:post("/", t)',             qr/nested deeper/ ],
);
adapter($_, $hostile{$_}[0]) for keys %hostile;
adapter('good', "crm:once('post', nil, function() crm:post('/good', {v = 1}) end)\nreturn crm.done{id = 'one'}");
my $endpoints = join '', map {
	qq(endpoint "$_" {\n\turl = "http://127.0.0.1:$port"\n\tadapter = "$_"\n\tevents = {"lead.created"}\n}\n)
} sort('good', keys %hostile);
$site->{config} = qq(adapter_directory = "$own"\n$endpoints);
Site::spew("$dir/answers.json", $json->encode([ { status => 200 } ]));
unlink "$dir/server.log";

my $mails = 0;

sub mail {
	my $n = ++$mails;
	Site::spew("$dir/$n.eml", <<"END");
From: Person $n <p$n\@p$n.buyers.test>
To: sales\@example.test
Subject: Machines
Message-ID: <$n\@buyers.test>
Date: Sat, 21 Nov 2026 10:00:00 +0000

Please send me an offer for $n machines.
END
	$site->leadctl('replay', '--rcpt', 'sales@example.test', "$dir/$n.eml");
}

sub deliveries { return $site->leadctl_json('outbox', 'list', '--endpoint', $_[0], '--most', 100) }

sub delivered {
	my ($endpoint, $count) = @_;
	Site::wait_for("$count deliveries to $endpoint", sub {
		$count == grep { $_->{state} eq 'delivered' } @{ deliveries($endpoint) };
	}, 30);
}

$site->start_daemon;
subtest 'what an adapter does wrong is said and hurts nobody' => sub {
	mail();
	delivered('good', 1);
	for my $name (sort keys %hostile) {
		my $error = Site::wait_for("the error of $name", sub { deliveries($name)->[0]{error} }, 20);
		like $error, $hostile{$name}[1], $name;
	}
	my $pid = $site->{daemon};
	my ($peak) = Site::slurp("/proc/$pid/status") =~ /VmHWM:\s*(\d+)/;
	my $began = time;
	mail() for 1 .. 5;
	delivered('good', 6);
	cmp_ok time - $began, '<', 10, 'the others are delivered meanwhile';
	ok $site->alive($pid), 'the daemon runs';
	my ($after) = Site::slurp("/proc/$pid/status") =~ /VmHWM:\s*(\d+)/;
	cmp_ok $after, '<', $peak + 20000, "and doesn't grow: $peak KiB, $after KiB";
};

subtest 'a changed adapter is taken, a broken one is not' => sub {
	adapter('good', "crm:once('post', nil, function() crm:post('/changed', {v = 22}) end)\nreturn crm.done{id = 'two'}");
	Site::wait_for('the changed adapter', sub {
		mail();
		sleep 0.3;
		grep { $_->{target} eq '/changed' } @{ server_log() };
	}, 30);
	Site::spew("$own/good.lua", "return { name = 'good', deliver = \n");
	Site::wait_for('the complaint', sub {
		mail();
		sleep 0.3;
		$site->daemon_log =~ /good\.lua.*unexpected symbol|good\.lua:\d+:.*before goes on/;
	}, 30);
	like $site->daemon_log, qr/endpoint good: .*good\.lua:2: .*the adapter as it was before goes on/, 'and it says why';
	delivered('good', $mails);
	is deliveries('good')->[0]{response}, 'record two', 'the adapter before goes on';
	my ($code) = map { $site->leadctl('check'); $site->{status} } 1;
	is $code, 70, 'leadctl check refuses it';
};

done_testing;
