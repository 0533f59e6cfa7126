// Before anything is painted: the colours this user has chosen.
try {
	const theme = localStorage.getItem('leadmilter.theme');
	if (theme === 'light' || theme === 'dark') {
		document.documentElement.dataset.theme = theme;
	}
} catch {
	// No storage: the system's colours.
}
