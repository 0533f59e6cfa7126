#!/usr/bin/perl
# monitor.t - what a site is watched by: the figures, the alerts and the dashboard fit each other, and
# the manual knows them all.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::INET;
use JSON::PP;
use Site;
use Test::More;

chdir $Site::ROOT or die;
my $have_promtool = system('command -v promtool >/dev/null 2>&1') == 0;

# The figures of a daemon with all there is: a store, a spool, an endpoint, the hook.
my $port = Site::free_port();
my $site = Site->new(config => qq(hook_listen = "127.0.0.1:$port"\n));
$site->start_receiver;
$site->start_daemon;

sub scrape {
	my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) or die "connect: $!";
	print $s "GET /metrics HTTP/1.0\r\n\r\n";
	local $/;
	my ($head, $text) = split /\r\n\r\n/, scalar <$s>, 2;
	like $head, qr{^HTTP/1\.[01] 200 }, 'scraped';
	return $text;
}

# name => { type, labels => { name => 1 } }
sub metrics_of {
	my ($text) = @_;
	my %metric;
	for (split /\n/, $text) {
		if (/^# TYPE (\S+) (\S+)/) {
			$metric{$1} = { type => $2, labels => {} };
		} elsif (/^([a-z_0-9]+)(?:\{(.*)\})? /) {
			my ($name, $labels) = ($1, $2 // '');
			$name =~ s/_(?:bucket|sum|count)$// unless $metric{$name};
			$metric{$name}{labels}{$_} = 1 for grep { $_ ne 'le' } $labels =~ /(\w+)="/g;
		}
	}
	return \%metric;
}

my $text    = scrape();
my %metrics = %{ metrics_of($text) };
cmp_ok scalar keys %metrics, '>', 60, 'metrics';

subtest 'metrics by convention' => sub {
	for my $name (sort keys %metrics) {
		my $type = $metrics{$name}{type};
		is $name =~ /_total$/ ? 1 : 0, $type eq 'counter' ? 1 : 0, "$name: a $type";
	}
	plan skip_all => 'promtool is not installed' unless $have_promtool;
	Site::spew("$site->{dir}/metrics.txt", $text);
	my $said = `promtool check metrics <$site->{dir}/metrics.txt 2>&1`;
	is $?, 0, 'promtool check metrics';
	is $said, '', '  has nothing to say';
};

subtest 'the manual has each metric, and no other' => sub {
	my ($section) = Site::slurp('contrib/man/leadmilter.8') =~ /^\.Sh METRICS\n(.*?)^\.Sh /ms;
	my %manual;
	while ($section =~ /^\.It Li (\S+)(?: Brq (.*))?$/mg) {
		my ($name, $labels) = ($1, $2 // '');
		$manual{$name} = join ' ', sort($labels =~ /Va (\w+)/g);
	}
	my %live = map { $_ => join ' ', sort keys %{ $metrics{$_}{labels} } } keys %metrics;
	is_deeply \%manual, \%live, 'names and labels' or diag explain { manual => \%manual, live => \%live };
};

# Names of metrics in a PromQL expression: what is neither a function, a label nor a word of the language.
sub names_in {
	my ($expression) = @_;
	$expression =~ s/"[^"]*"//g;
	$expression =~ s/\{[^}]*\}//g;
	$expression =~ s/\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)//g;
	return grep { /^(?:leadmilter_|process_)/ } $expression =~ /([a-zA-Z_][a-zA-Z0-9_]*)/g;
}

# Selectors name only metrics there are, and labels they have (beside those of the scrape).
sub unknown_in {
	my ($expression) = @_;
	my @wrong;
	for my $name (names_in($expression)) {
		my $known = $name =~ s/_(?:bucket|sum|count)$//r;
		push @wrong, $name unless $metrics{$name} || ($metrics{$known} && $metrics{$known}{type} eq 'histogram');
	}
	while ($expression =~ /\b(leadmilter_\w+|process_\w+)\{([^}]*)\}/g) {
		my ($name, $labels) = ($1, $2);
		my $metric = $metrics{$name} // $metrics{ $name =~ s/_(?:bucket|sum|count)$//r } // {};
		for my $label ($labels =~ /(\w+)\s*[=!]/g) {
			push @wrong, "$name\{$label}"
			    unless $label =~ /^(?:job|instance|le)$/ || $metric->{labels}{$label};
		}
	}
	return @wrong;
}

my $rules  = Site::slurp('contrib/prometheus/leadmilter.rules.yml');
my $tests  = join '', map { Site::slurp($_) } glob 'contrib/prometheus/*.test.yml';
my @alerts = $rules =~ /^      - alert: (\w+)$/mg;

subtest 'alerts' => sub {
	cmp_ok scalar @alerts, '>', 30, 'alerts';
	my $manual = Site::slurp('contrib/man/leadmilter-monitoring.7');
	my %documented = $manual =~ /^\.It Sy (Leadmilter\w+) Pq (\w+)$/mg;
	my %severity;
	for my $alert (@alerts) {
		my ($rule) = $rules =~ /^      - alert: $alert\n(.*?)(?=^      - alert|^  - name|\z)/ms;
		my ($expression) = $rule =~ /^        expr: >-\n          (.*)$/m;
		is_deeply [ unknown_in($expression) ], [], "$alert: what it asks for is there";
		($severity{$alert}) = $rule =~ /^          severity: (\w+)$/m;
		like $rule, qr/^        for: \d+[mhd]$/m, '  for';
		like $rule, qr/^          $_: '.{10,}'$/m, "  $_" for qw(summary description);
		like $rule, qr/^          runbook: "man 7 leadmilter-monitoring, $alert"$/m, '  runbook';
		like $tests, qr/^      - alertname: $alert\n        eval_time: \d+m\n        exp_alerts:/m, '  tested to fire';
		like $tests, qr/^      - alertname: $alert\n        eval_time: \d+m\n(?!        exp_alerts)/m,
		    '  tested to be silent';
	}
	is_deeply \%documented, \%severity, 'the manual says what to do about each';
};

subtest 'promtool runs the rules' => sub {
	plan skip_all => 'promtool is not installed' unless $have_promtool;
	my $said = `promtool check rules contrib/prometheus/leadmilter.rules.yml 2>&1`;
	is $?, 0, 'they are valid' or diag $said;
	$said = `promtool test rules contrib/prometheus/*.test.yml 2>&1`;
	is $?, 0, 'each fires and is silent when it should' or diag $said;
};

subtest 'dashboard' => sub {
	my $dashboard = decode_json(Site::slurp('contrib/grafana/leadmilter.json'));
	my @panels    = map { ($_, @{ $_->{panels} // [] }) } @{ $dashboard->{panels} };
	my @rows      = map { $_->{title} } grep { $_->{type} eq 'row' } @panels;
	is_deeply \@rows, [ 'Mail', 'Leads', 'Deliveries', 'Store and spool', 'Inbound hook', 'Daemon and host' ], 'rows';
	is_deeply [ map { $_->{name} } @{ $dashboard->{templating}{list} } ], [qw(datasource job instance endpoint)],
	    'what can be chosen';
	my (%ids, @expressions, %shown);
	for my $panel (grep { $_->{type} ne 'row' } @panels) {
		my $title = $panel->{title};
		ok !$ids{ $panel->{id} }++, "$title: an id of its own";
		cmp_ok length $panel->{description} // '', '>', 20, '  described';
		ok $panel->{fieldConfig}{defaults}{unit}, '  unit';
		is $panel->{datasource}{uid}, '${datasource}', '  of the data source chosen';
		for my $target (@{ $panel->{targets} }) {
			is_deeply [ unknown_in($target->{expr}) ], [], "  $target->{refId}: what it asks for is there";
			push @expressions, $target->{expr};
			$shown{ s/_(?:bucket|sum|count)$//r } = 1 for names_in($target->{expr});
			$shown{$_} = 1 for names_in($target->{expr});
		}
	}
	my %may_miss = map { $_ => 1 } qw(leadmilter_sessions_limit leadmilter_touches leadmilter_hook_connections);
	is_deeply [ grep { !$shown{$_} && !$may_miss{$_} } sort keys %metrics ], [], 'every metric is shown';
	return unless $have_promtool;
	my $wrapped = "groups:\n  - name: dashboard\n    rules:\n";
	for my $expression (@expressions) {
		my $plain = $expression =~ s/\$__rate_interval|\$__range|\$__interval/5m/gr;
		$plain =~ s/\$\{?\w+\}?/.*/g;
		$wrapped .= "      - record: dashboard:expression:$#expressions\n        expr: >-\n          $plain\n"
		    =~ s/expression:\d+/'expression:' . $ids{next}++/er;
	}
	Site::spew("$site->{dir}/dashboard.rules.yml", $wrapped);
	my $said = `promtool check rules $site->{dir}/dashboard.rules.yml 2>&1`;
	is $?, 0, 'every expression parses' or diag $said;
};

subtest 'figures follow what happens' => sub {
	$site->start_postfix;
	is $site->send_mail('ann@buyer.test', 'sales@example.test', <<'END', client => '192.0.2.7'), 250, 'a mail';
From: Ann Buyer <ann@buyer.test>
To: sales@example.test
Subject: Forty pumps
Message-ID: <monitor-1@buyer.test>
Date: Sun, 22 Nov 2026 10:00:00 +0000

Hello, what would forty pumps cost? We need them in May.
Ann
END
	Site::wait_for('the delivery', sub { @{ $site->requests } });
	my $after;
	Site::wait_for('the figures', sub {
		$after = scrape();
		return $after =~ /^leadmilter_delivery_results_total\{endpoint="crm",result="delivered"\} [1-9]/m;
	}, 60);
	for (
		qr/^leadmilter_messages_total\{decision="created"\} 1$/m,
		qr/^leadmilter_connections_total [1-9]/m,
		qr/^leadmilter_message_seconds_count 1$/m,
		qr/^leadmilter_store_commit_seconds_count [1-9]/m,
		qr/^leadmilter_events_total\{type="lead.created"\} 1$/m,
		qr/^leadmilter_leads_unowned 1$/m,
		qr/^leadmilter_delivery_latency_seconds_count\{endpoint="crm"\} [1-9]/m,
		qr/^leadmilter_attempt_seconds_count\{endpoint="crm"\} [1-9]/m,
		qr/^leadmilter_store_up 1$/m,
		qr/^process_open_fds [1-9]/m,
	    ) {
		like $after, $_, "$_";
	}
};

subtest 'a reload says what has to wait' => sub {
	my $config = Site::slurp($site->config_path);
	Site::spew($site->config_path, $config =~ s/^hook_listen = .*/hook_listen = "127.0.0.1:1"/mr);
	my $said = qx($Site::BUILD/leadctl -c @{[ $site->config_path ]} reload 2>&1);
	is $?, 0, 'taken';
	is $said, "leadctl: hook_listen was changed; it takes effect at the next start\n", '  and answered';
	like scrape(), qr/^leadmilter_config_restart_needed 1$/m, '  a metric shows it';
	like $site->leadctl('stats'), qr/^restart_needed +hook_listen$/m, '  leadctl stats too';
	Site::spew($site->config_path, "$config\nnonsense = 1\n");
	kill 'USR1', $site->{daemon};
	my $now;
	Site::wait_for('the refusal', sub { ($now = scrape()) =~ /^leadmilter_reloads_total\{result="refused"\} [1-9]/m }, 60);
	like $now, qr/^leadmilter_config_last_reload_successful 0$/m, '  a metric shows it';
	like $now, qr/^leadmilter_reloads_total\{result="refused"\} 1$/m, '  and counts';
	Site::spew($site->config_path, $config);
	is qx($Site::BUILD/leadctl -c @{[ $site->config_path ]} reload 2>&1), '', 'changed back: nothing waits';
	$now = scrape();
	like $now, qr/^leadmilter_config_restart_needed 0$/m, '  says the metric';
	like $now, qr/^leadmilter_config_last_reload_successful 1$/m, '  the last one was good';
};

is $site->stop_daemon, 0, 'ends cleanly';
done_testing;
