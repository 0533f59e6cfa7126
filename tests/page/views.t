#!/usr/bin/perl
# views.t - every view of the page looked at with axe-core, in light, dark, phone width, five
# languages.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use PageSite;

exit PageSite::run(PageSite->filled, 'views.mjs');
