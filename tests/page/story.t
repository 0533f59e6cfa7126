#!/usr/bin/perl
# story.t - whole stories clicked through in a browser, against a real daemon with real mail.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use PageSite;

my $site = PageSite->filled;
$site->start_postfix;
exit PageSite::run($site, 'story.mjs');
