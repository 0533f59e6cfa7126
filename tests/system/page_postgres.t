#!/usr/bin/perl
# page_postgres.t - page_api.t with a store in PostgreSQL.

use strict;
use warnings;
use FindBin;

$ENV{LEADMILTER_TEST_POSTGRES} = 1;
exec $^X, "-I$FindBin::Bin/lib", "$FindBin::Bin/page_api.t" or die "page_api.t: $!";
