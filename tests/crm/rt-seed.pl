#!/usr/bin/perl
# What a Request Tracker needs for its test: a queue, a user who may write to it, a custom field
# for the lead's id, a token, which is printed.
use strict;
use warnings;
use lib '/usr/share/request-tracker5/lib';
use RT;
RT::LoadConfig();
RT::Init();

my $system = RT->SystemUser;

sub made {
	my ($class, @values) = @_;
	my $object = $class->new($system);
	my ($ok, $message, $more) = $object->Create(@values);
	die "$class: $message\n" unless $ok;
	return ($object, $more);
}

my ($queue) = made('RT::Queue', Name => 'Leads', CorrespondAddress => 'sales@example.test');
my ($user)  = made('RT::User', Name => 'leadmilter', EmailAddress => 'leadmilter@example.test',
	Password => 'Kx7!pQw2Zr9', Privileged => 1);
for my $right (qw(SeeQueue ShowTicket CreateTicket CommentOnTicket ReplyToTicket ModifyTicket ShowTicketComments
	SeeCustomField ModifyCustomField)) {
	my ($ok, $message) = $user->PrincipalObj->GrantRight(Right => $right, Object => $queue);
	die "$right: $message\n" unless $ok;
}
for my $right (qw(ManageAuthTokens ModifySelf AdminUsers)) {
	my ($ok, $message) = $user->PrincipalObj->GrantRight(Right => $right, Object => RT->System);
	die "$right: $message\n" unless $ok;
}
my ($field) = made('RT::CustomField', Name => 'Lead', Type => 'Freeform', MaxValues => 1,
	LookupType => 'RT::Queue-RT::Ticket', ObjectId => 0);
$field->AddToObject($queue);
my (undef, $token) = made('RT::AuthToken', Owner => $user->id, Description => 'test');
print "$token\n";
