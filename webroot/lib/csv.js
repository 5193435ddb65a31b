// CSV as spreadsheets read it. Text that one would take for a formula gets an apostrophe in front; numbers stay numbers.
const isNumber = (text) => /^-?\d+(\.\d+)?$/.test(text);
const cell = (value) => {
    const text = `${value ?? ''}`;
    const safe = /^[=+\-@\t\r]/.test(text) && !isNumber(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

// With a byte order mark, so that Excel takes it for UTF-8.
export const csvText = (rows) => `\ufeff${rows.map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`;
