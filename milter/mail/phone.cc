/*
 * phone.cc - see phone.h.
 *
 * PhoneNumberUtil's instance is made once by a thread-safe singleton and only read after that.
 * Its messages would go to standard output, so they are silenced.
 */
#include "mail/phone.h"

#include <phonenumbers/logger.h>
#include <phonenumbers/phonenumber.pb.h>
#include <phonenumbers/phonenumberutil.h>

#include <cstring>
#include <string>

using i18n::phonenumbers::Logger;
using i18n::phonenumbers::NullLogger;
using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

static const PhoneNumberUtil *
instance()
{
	static const PhoneNumberUtil *const util = [] {
		const PhoneNumberUtil *made = PhoneNumberUtil::GetInstance();

		Logger::set_logger_impl(new NullLogger());
		return made;
	}();
	return util;
}

static const char *
kind_name(PhoneNumberUtil::PhoneNumberType type)
{
	switch (type) {
	case PhoneNumberUtil::FIXED_LINE:
		return "fixed";
	case PhoneNumberUtil::MOBILE:
		return "mobile";
	case PhoneNumberUtil::FIXED_LINE_OR_MOBILE:
		return "fixed_or_mobile";
	case PhoneNumberUtil::TOLL_FREE:
		return "toll_free";
	case PhoneNumberUtil::PREMIUM_RATE:
		return "premium";
	case PhoneNumberUtil::SHARED_COST:
		return "shared_cost";
	case PhoneNumberUtil::VOIP:
		return "voip";
	case PhoneNumberUtil::PERSONAL_NUMBER:
		return "personal";
	case PhoneNumberUtil::PAGER:
		return "pager";
	case PhoneNumberUtil::UAN:
		return "company";
	case PhoneNumberUtil::VOICEMAIL:
		return "voicemail";
	default:
		return "unknown";
	}
}

/* A number in ASCII without its punctuation: Parse() takes 6 us for that, 16 us with it. */
static std::string
without_punctuation(const char *number)
{
	std::string digits;

	for (const char *p = number; *p; p++) {
		if (g_ascii_isdigit(*p) || (*p == '+' && p == number))
			digits += *p;
		else if (!strchr(" -.()/", *p))
			return number;
	}
	return digits;
}

/* The check of virtual tables needs a runtime that a C linker doesn't bring along. */
__attribute__((no_sanitize("vptr"))) gboolean
phone_read(const char *number, const char *region, struct phone_number *ret)
{
	const PhoneNumberUtil *util = instance();
	PhoneNumber parsed;
	PhoneNumberUtil::PhoneNumberType type;
	std::string e164, found;

	if (util->Parse(without_punctuation(number), region ? region : "ZZ", &parsed) !=
	    PhoneNumberUtil::NO_PARSING_ERROR)
		return FALSE;
	/* IsValidNumber() asks for the type and drops it */
	type = util->GetNumberType(parsed);
	if (type == PhoneNumberUtil::UNKNOWN)
		return FALSE;
	util->GetRegionCodeForNumber(parsed, &found);
	util->Format(parsed, PhoneNumberUtil::E164, &e164);
	if (e164.size() >= sizeof ret->e164)
		return FALSE;
	g_strlcpy(ret->e164, e164.c_str(), sizeof ret->e164);
	g_strlcpy(ret->region, found.size() == 2 ? found.c_str() : "", sizeof ret->region);
	ret->kind = kind_name(type);
	return TRUE;
}
