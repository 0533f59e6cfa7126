#!/usr/bin/perl
# proxy.t - the page behind nginx with TLS, as contrib/nginx-leadmilter.conf has it: only its ports,
# its certificate and where nginx keeps its files are other ones.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::INET;
use PageSite;

my $NAME = 'leads.example.com';
my $site = PageSite->new(config => <<'END');
page_hosts = {"leads.example.com"}
page_proxies = {"127.0.0.1"}
page_secure = "always"
END
$site->write_config;
PageSite::write_mails("$site->{dir}/mails");
$site->leadctl('replay', '--submitted', "$site->{dir}/mails");
die "replay failed\n" if $site->{status};
$site->start_daemon;

my $port    = Site::free_port();
my $dir     = "$site->{dir}/nginx";
my $snippet = Site::slurp("$Site::ROOT/contrib/nginx-leadmilter.conf");

sub changed {
	my ($from, $to) = @_;
	$snippet =~ s/\Q$from\E/$to/g or die "the snippet has no $from\n";
}

mkdir $dir or die "$dir: $!";
my $request = qq(openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$NAME" -addext "subjectAltName=DNS:$NAME" )
    . qq(-keyout "$dir/key.pem" -out "$dir/certificate.pem" 2>"$dir/openssl.log");
system($request) == 0 or die "openssl failed:\n", Site::slurp("$dir/openssl.log");
changed('listen 443 ssl', "listen 127.0.0.1:$port ssl");
changed("/etc/ssl/certs/$NAME.pem",   "$dir/certificate.pem");
changed("/etc/ssl/private/$NAME.key", "$dir/key.pem");
changed('http://127.0.0.1:8025',      $site->{page});
my $places = join ' ', map { "${_}_temp_path $dir/$_;" } qw(client_body proxy fastcgi uwsgi scgi);
my $user   = $> == 0 ? 'user root;' : '';
Site::spew("$dir/nginx.conf", <<"END");
daemon off; master_process off; $user pid $dir/nginx.pid; error_log $dir/error.log;
events { worker_connections 64; }
http { access_log $dir/access.log; $places
$snippet
}
END
my ($nginx) = grep { -x } map { "$_/nginx" } split(/:/, $ENV{PATH}), '/usr/sbin';
die "no nginx\n" unless $nginx;
$site->start_process('nginx', command => [ $nginx, '-p', $dir, '-e', "$dir/error.log", '-c', "$dir/nginx.conf" ]);
Site::wait_for('nginx', sub { IO::Socket::INET->new("127.0.0.1:$port") });
exit PageSite::run(
	$site, 'proxy.mjs',
	PAGE           => "https://$NAME:$port",
	PAGE_API       => $site->{page},
	PAGE_ARGUMENTS => "--host-resolver-rules=MAP $NAME 127.0.0.1"
);
