package PageSite;

# PageSite.pm - a site (tests/system/lib/Site.pm) with users of the page, a store filled by mails
# of two months, a delivery that was given up and an endpoint that is parked; and a browser's
# stories run against it.

use strict;
use warnings;
use utf8;
use Encode ();
use File::Path qw(make_path);
use POSIX qw(strftime);
use Site;

our $OPERATOR = 'operator-0123456789abcdefghij';
our $VIEWER   = 'viewer-0123456789abcdefghijkl';
our $WRITER   = 'website-0123456789abcdefghij';

# name, address, phone, title, subject, text, days ago; what is missing is undef
my @PEOPLE = (
	[ 'Ana Popescu', 'ana.popescu@northwind-traders.ro', '+40 21 312 4567', 'Head of Procurement', 'Quote for 40 licences', "we are looking for 40 licences for our second plant. Our budget is about 12,000 EUR and we have to decide before 15 December.\nCould you send us a price list and tell us whether a demo is possible next week?", 0.2 ],
	[ 'Dan Ionescu', 'dan.ionescu@northwind-traders.ro', undef, 'Chief Technology Officer', 'Technical questions', 'Ana told me about your product. Does it work with PostgreSQL? Can we have a demo?', 0.3 ],
	[ 'Иван Петров', 'i.petrov@zavod-ural.ru', '+7 343 222 33 44', 'Директор', 'Коммерческое предложение', 'Нам нужна система на 20 человек. Пришлите, пожалуйста, коммерческое предложение и цены. Бюджет согласован.', 1 ],
	[ 'Jürgen Müller', 'mueller@mueller-bau.de', '+49 30 123 45 67', 'Geschäftsführer', 'Angebot', 'wir suchen eine Lösung für unser Vertriebsteam. Können Sie uns bitte ein Angebot schicken? Unser Budget liegt bei 8.000 EUR.', 2 ],
	[ '李伟', 'wei.li@huaxin-keji.cn', '+86 10 6552 9988', '采购经理', '询价', '您好，我们需要贵公司产品的报价，请发送价格表。', 3 ],
	[ 'Maria Constantinescu', 'maria.constantinescu@transport-electrice.ro', '+40 21 303 5611', 'Director de achiziții', 'Cerere de ofertă', 'Bună ziua, avem nevoie de o ofertă de preț pentru 15 utilizatori.', 4 ],
	[ 'John Carter', 'john.carter@harbour-freight-lines.co.uk', '+44 20 7946 0958', 'Operations Manager', 'Pricing', 'Could you send me your pricing for a team of ten?', 6 ],
	[ 'Sofia Rossi', 'sofia.rossi@officine-rossi.it', '+39 06 698 12345', 'CEO', 'Product information', 'Please send me more information about your product.', 8 ],
	[ 'Petra Novak', 'petra.novak@gmail.com', undef, undef, 'Question', 'Is there a version for one person? What does it cost?', 10 ],
	[ 'Liam Murphy', 'liam.murphy@murphy-dairy.ie', '+353 1 679 1234', 'Purchasing', 'Demo', 'We would like to see a demo of your product next week.', 13 ],
	[ 'Emma Larsen', 'emma.larsen@nordlys-energi.no', '+47 22 12 34 56', 'Head of Sales', 'Trial', 'Can we get a trial for our sales team?', 17 ],
	[ 'Paul Schmidt', 'paul.schmidt@schmidt-druck.de', undef, undef, 'Anfrage', 'bitte schicken Sie mir Informationen zu Ihrem Produkt.', 22 ],
	[ 'Olena Kovalenko', 'olena@kovalenko-agro.ua', '+380 44 279 1234', 'Owner', 'Price', 'Good day, what is the price for five users?', 28 ],
	[ undef, 'info@acme-tools.com', undef, undef, 'Hello', 'Please send a catalogue.', 33 ],
	[ 'Hassan Ali', 'hassan.ali@souq-trading.ae', '+971 4 321 4567', 'مدير المشتريات', 'عرض أسعار', 'مرحبا، نحتاج إلى عرض أسعار لعشرة مستخدمين.', 40 ],
	[ 'Kate Brown', 'kate.brown@brightwater-analytics.com', '+1 415 555 2671', 'VP Operations', 'Evaluation', 'We are evaluating tools like yours. What is the price for 100 users? We want to buy this quarter.', 47 ],
);

# What attackers put where: nothing of it may act.
our $HOSTILE = q{<img src=x onerror="window.pwned=1">};
my @HOSTILE = (
	[ q{<script>window.pwned=1</script>}, 'script@evil-one.example', undef, q{"><svg onload=window.pwned=1>}, qq{$HOSTILE Quote}, "Could you send me a quote? $HOSTILE\n<script>window.pwned=1</script>", 0.4 ],
	[ q{Ada \\"onmouseover=window.pwned=1 x=\\"}, 'attribute@evil-two.example', '+44 20 7946 0999', q{javascript:window.pwned=1}, q{{{constructor.constructor('window.pwned=1')()}}}, "Please send prices.\njavascript:window.pwned=1\nhttps://evil-two.example/\"onclick=window.pwned=1", 0.5 ],
	[ "Eve \x{202E}txt.exe\x{2066}", 'override@evil-three.example', undef, undef, "\x{202E}gnirp\x{2067}", 'What does it cost?', 0.6 ],
);

sub header { return Encode::encode('MIME-Header', $_[0]) }

sub mail {
	my (%of) = @_;
	my $from = defined $of{name} ? qq("$of{name}" <$of{from}>) : $of{from};
	$from = header($of{name}) . " <$of{from}>" if defined $of{name} && $of{name} =~ /[^\x20-\x7e]/;
	my ($domain) = $of{from} =~ /\@(.*)/;
	my $reply = $of{reply} ? "In-Reply-To: <$of{reply}>\nReferences: <$of{reply}>\n" : '';
	my $text  = $of{parts} // "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n$of{text}";
	return Encode::encode('UTF-8', <<"END");
Return-Path: <$of{from}>
Authentication-Results: mx.example.test; dmarc=pass header.from=$domain; spf=pass smtp.mailfrom=$of{from}
From: $from
To: $of{to}
Subject: ${\ header($of{subject})}
Message-ID: <$of{id}>
Date: ${\ strftime('%a, %d %b %Y %H:%M:%S +0000', gmtime(time - $of{days} * 86400))}
${reply}MIME-Version: 1.0
$text
END
}

sub write_mails {
	my ($folder) = @_;
	make_path($folder);
	my $count = 0;
	my $write = sub { Site::spew(sprintf('%s/%03d.eml', $folder, ++$count), mail(@_)) };
	for my $p (sort { $b->[6] <=> $a->[6] } @PEOPLE, @HOSTILE) {
		my ($name, $from, $phone, $title, $subject, $text, $days) = @$p;
		my ($domain) = $from =~ /\@(.*)/;
		my $signature = join "\n", grep { defined } $name, $title, $phone ? "Phone: $phone" : undef;
		my $id = "first.$count\@$domain";
		$write->(
			name => $name, from => $from, to => 'sales@example.test', subject => $subject, id => $id, days => $days,
			text => "Hello,\n\n$text\n\nKind regards\n-- \n$signature\n"
		);
		next if $days < 2 || $days > 20;
		# Answered by us within hours, and they write again.
		$write->(
			name => 'Olga Ivanova', from => 'olga@example.test', to => $from, subject => "Re: $subject",
			id => "answer.$count\@example.test", reply => $id, days => $days - 0.1, text => "Thank you, here it is.\n\nOlga\n"
		);
		$write->(
			name => $name, from => $from, to => 'olga@example.test, sales@example.test', subject => "Re: $subject",
			id => "second.$count\@$domain", reply => 'answer.' . ($count - 1) . '@example.test', days => $days - 0.9,
			text => "Thank you. When could we have a call?\n\n-- \n$signature\n"
		);
	}
	# The same telephone as another's: perhaps the same person.
	$write->(
		name => 'Rob Wells', from => 'rob.wells@wells-consulting.com', to => 'sales@example.test', subject => 'Prices',
		id => 'rob@wells-consulting.com', days => 5, text => "What does it cost?\n-- \nRob Wells\nPhone: +44 20 7946 0111\n"
	);
	$write->(
		name => 'R. Wells', from => 'r.wells@wells-holding.com', to => 'sales@example.test', subject => 'Offer',
		id => 'r@wells-holding.com', days => 3, text => "Please send an offer.\n-- \nR. Wells\nPhone: +44 20 7946 0222\n"
	);
	$write->(
		name => 'Rob Wells', from => 'rob.wells@wells-consulting.com', to => 'sales@example.test', subject => 'Prices again',
		id => 'rob2@wells-consulting.com', days => 1, text => "Did you see my mail?\n-- \nRob Wells\nPhone: +44 20 7946 0222\n"
	);
	$write->(
		name => 'Nina Berg', from => 'nina.berg@berg-design.se', to => 'sales@example.test', subject => 'Prices',
		id => 'nina@berg-design.se', days => 5, text => "What does it cost?\n-- \nNina Berg\nPhone: +46 8 123 456 01\n"
	);
	$write->(
		name => 'N. Berg', from => 'nberg@berg-interior.se', to => 'sales@example.test', subject => 'Offer',
		id => 'n@berg-interior.se', days => 3, text => "Please send an offer.\n-- \nN. Berg\nPhone: +46 8 123 456 02\n"
	);
	$write->(
		name => 'Nina Berg', from => 'nina.berg@berg-design.se', to => 'sales@example.test', subject => 'Prices again',
		id => 'nina2@berg-design.se', days => 1, text => "Did you see my mail?\n-- \nNina Berg\nPhone: +46 8 123 456 02\n"
	);
	# HTML, and an attachment whose name is an attack.
	$write->(
		name => 'Html Attack', from => 'html@evil-four.example', to => 'sales@example.test', subject => 'Offer wanted',
		id => 'html@evil-four.example', days => 0.7, parts => <<"END");
Content-Type: multipart/mixed; boundary="edge"

--edge
Content-Type: text/html; charset=utf-8

<p>We want an offer for 30 users.</p>$HOSTILE<script>window.pwned=1</script>
<a href="javascript:window.pwned=1">prices</a><style>body{display:none}</style>
<iframe src="https://evil-four.example/"></iframe>
--edge
Content-Type: application/pdf
Content-Disposition: attachment; filename="<img src=x onerror=window.pwned=1>.pdf"

%PDF
--edge--
END
	return $count;
}

sub config {
	my ($self) = @_;
	return <<"END";
hook_listen = "127.0.0.1:$self->{page_port}"
time_zone = "UTC"
owner "olga\@example.test" {
	name = "Olga Ivanova"
}
owner "sam\@example.test" {
	name = "Sam Field"
}
page_user "olga" {
	token = "$OPERATOR"
	role = "operator"
	owner = "olga\@example.test"
}
page_user "victor" {
	token = "$VIEWER"
}
client "website" {
	tokens = {"$WRITER"}
	scopes = {"touches", "leads", "read", "operate"}
	rate = 0
}
END
}

# Options: those of Site; empty => 1: no mails
sub new {
	my ($class, %option) = @_;
	my $port = Site::free_port();
	my $site = Site->new(%option, page_port => $port, mailboxes => <<'END');
mailbox "sales@example.test" {
	source = "website"
}
END
	$site->{config} = ($option{config} // '') . config($site);
	$site->{page} = "http://127.0.0.1:$port";
	return $site;
}

# With mails, a receiver that refuses one event and is gone for another endpoint.
sub filled {
	my ($class, %option) = @_;
	my $site = $class->new(%option);
	my $port = $site->{receiver_port} = Site::free_port();
	$site->{config} .= <<"END";
endpoint "gone" {
	url = "http://127.0.0.1:$port/gone"
	secrets = {"${\ Site::secret()}"}
	events = {"lead.created"}
}
END
	$site->write_config;
	write_mails("$site->{dir}/mails");
	$site->leadctl('replay', '--submitted', "$site->{dir}/mails");
	die "replay failed\n" if $site->{status};
	$site->start_receiver('--answers', '200*4,413,200', '--path', '/gone=410');
	$site->start_daemon;
	Site::wait_for('deliveries', sub {
		my %of = map { $_->{endpoint} => $_ } @{ $site->leadctl_json('endpoint', 'status') };
		return $of{gone}{parked} && $of{crm}{dead} == 1 && $of{crm}{waiting} == 0;
	}, 60);
	return $site;
}

# Run a story in the browser; its TAP is ours.
sub run {
	my ($site, $story, %environment) = @_;
	local %ENV = (
		%ENV,
		PAGE          => $site->{page},
		PAGE_OPERATOR => $OPERATOR,
		PAGE_VIEWER   => $VIEWER,
		PAGE_WRITER   => $WRITER,
		PAGE_SMTP     => $site->{smtp_port} // '',
		PAGE_RECEIVER => $site->{receiver_port} // '',
		PAGE_MODULES  => "$Site::BUILD/page-tests",
		%environment
	);
	my $good = pass_on($story);
	print STDERR $site->daemon_log =~ s/^/# /gmr if !$good && $ENV{PAGE_LOG};
	return $good ? 0 : 1;
}

# What a test says besides its result is told when it failed; prove reads less YAML than node writes.
sub pass_on {
	my ($story) = @_;
	local $| = 1;
	open my $node, '-|', 'node', '--test-reporter=tap', "$Site::ROOT/tests/page/$story" or die "node: $!";
	my ($failed, $said) = (0, 0);
	while (my $line = <$node>) {
		$failed = $1 eq 'not ok' if $line =~ /^\s*(ok|not ok) /;
		$said = 1 if $line =~ /^\s*---$/;
		print $line unless $said;
		print STDERR "# $line" if $said && $failed;
		$said = 0 if $line =~ /^\s*\.\.\.$/;
	}
	return close $node;
}

1;
