#!/usr/bin/perl
# large.t - the page on a large store: 30,000 leads, or PAGE_LEADS=1000000.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use PageSite;

my $leads = $ENV{PAGE_LEADS} // 30_000;
my $site  = PageSite->new;
$site->write_config;
PageSite::write_mails("$site->{dir}/mails");
$site->leadctl('replay', '--submitted', "$site->{dir}/mails");
die "replay failed\n" if $site->{status};
system('python3', "$FindBin::Bin/lib/many.py", "$site->{dir}/leads.db", $leads) == 0 or die "many.py failed\n";
$site->start_daemon;
exit PageSite::run($site, 'large.mjs', PAGE_LIMIT => $ENV{PAGE_LIMIT} // ($ENV{PAGE_LEADS} ? 300 : 1500));
