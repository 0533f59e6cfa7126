#!/usr/bin/perl
# hostile.t - attacks by mail content, by addresses and by other sites, in a browser: all fail.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use PageSite;

exit PageSite::run(PageSite->filled, 'hostile.mjs');
