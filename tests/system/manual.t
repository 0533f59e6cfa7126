#!/usr/bin/perl
# manual.t - what the manual says about conditions is true: every example compiles, every signal and
# choice it names exists.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Site;
use Test::More;

my $manual = Site::slurp("$Site::ROOT/contrib/man/leadmilter.conf.5");
my ($section) = $manual =~ /^\.Sh CONDITIONS\n(.*?)^\.Sh /ms;
my @examples = map { grep { length } split /\n/ } $section =~ /^\.Bd -literal.*?\n(.*?)^\.Ed/msg;
cmp_ok scalar @examples, '>', 20, 'examples';

my $site = Site->new(config => qq(scorecards = {"card.conf"}\n));
$site->write_config;
my $config = Site::slurp($site->config_path);
$config =~ s/^scorecards = .*default\.conf.*\n//m;
Site::spew($site->config_path, $config);
Site::spew("$site->{dir}/accounts.txt", "# ours\nexample.org\n");

# The output of `leadmilter -t` with a scorecard of that condition; '' when it compiles.
sub compile {
	my ($condition) = @_;
	Site::spew("$site->{dir}/card.conf", qq(name = "manual"\nrule "it" {\n\twhen = "$condition"\n\tpoints = 1.0\n}\n));
	my $path = $site->config_path;
	my $said = qx($Site::BUILD/leadmilter -t -c $path 2>&1);
	return $? ? $said : '';
}

is compile($_), '', $_ for @examples;

# What the manual calls a mistake is one, with its place.
for (
	[ 'sender.freemial',                qr/card\.conf:3:\d+: unknown signal.*sender\.freemail/ ],
	[ 'text.words == \'many\'',         qr/card\.conf:3:\d+: expected a number/ ],
	[ 'person.title_rank == \'boss\'',  qr/card\.conf:3:\d+: .*expected one of/ ],
	[ 'text.new matches phrases \'intent_prize\'', qr/card\.conf:3:\d+: no phrase list.*intent_price/ ],
	[ 'reply.latency < 5',              qr/card\.conf:3:\d+: .*write a duration/ ],
	[ 'sender.domain in file \'gone\'', qr/card\.conf:3:\d+: .*gone/ ],
    )
{
	my ($condition, $said) = @$_;
	like compile($condition), $said, "no: $condition";
}

done_testing;
