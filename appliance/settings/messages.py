"""Everything the checker may say, each message in both languages. Gaps are filled by the checks."""

from __future__ import annotations

from appliance.settings.wording import Wording

# --- the file ------------------------------------------------------------------------------------
NO_FILE = Wording("berkas ini tidak ada", "there is no such file")
NOT_A_FILE = Wording(
    "ini direktori atau perangkat, bukan berkas", "is a directory or device, not a file"
)
UNREADABLE = Wording("tidak dapat dibaca: {why}", "cannot be read: {why}")
TOO_BIG = Wording(
    "lebih besar dari {limit} kB: bukan berkas situs", "is over {limit} kB: no site file"
)
NOT_UTF8 = Wording(
    "bukan UTF-8: byte 0x{byte:02x}; simpan ulang berkas sebagai UTF-8",
    "is not UTF-8: byte 0x{byte:02x}; save the file as UTF-8",
)
NOT_TOML = Wording(
    "bukan TOML yang benar: {why}; sisanya baru bisa diperiksa sesudah ini diperbaiki",
    "is not TOML: {why}; the rest cannot be checked until this is mended",
)
# What tomllib says, by its first words, for people who have never heard of a parser.
TOML_FAULTS = {
    "Invalid value (at end of document)": Wording(
        "berkas berakhir di tengah sebuah nilai; ] atau } penutup kurang",
        "the file ends within a value; a closing ] or } is missing",
    ),
    "Invalid value": Wording(
        "nilai tidak dikenal; teks ditulis dalam tanda kutip, angka tanpa, ya/tidak: true/false",
        "unknown kind of value; text is written in quotes, numbers without, yes/no: true/false",
    ),
    "Expected '=' after": Wording(
        "setelah nama pengaturan harus ada tanda =", "the name of a setting must be followed by ="
    ),
    "Expected ']' at the end": Wording("kurung siku ] penutup kurang", "the closing ] is missing"),
    "Expected ']]' at the end": Wording(
        "kurung siku ]] penutup kurang", "the closing ]] is missing"
    ),
    "Expected newline": Wording(
        "satu baris hanya untuk satu pengaturan", "a line holds one setting only"
    ),
    "Invalid statement": Wording(
        "baris harus berupa nama = nilai, [bagian], atau # catatan",
        "a line must be name = value, [section] or # a note",
    ),
    "Unterminated string": Wording("tanda kutip penutup kurang", "the closing quote is missing"),
    "Illegal character '\\n'": Wording(
        "tanda kutip penutup kurang", "the closing quote is missing"
    ),
    "Unclosed array": Wording("kurung siku ] penutup kurang", "the closing ] is missing"),
    "Cannot overwrite a value": Wording(
        "pengaturan ini sudah ditulis di atas", "this setting has been written above"
    ),
    "Cannot declare": Wording(
        "bagian ini sudah ditulis di atas", "this section has been written above"
    ),
}

# --- one setting ---------------------------------------------------------------------------------
MISSING = Wording("tidak ada: {says}", "is missing: {says}")
UNKNOWN = Wording(
    "bukan pengaturan; yang dikenal di sini: {known}", "is not a setting; known here: {known}"
)
UNKNOWN_NEAR = Wording(
    "bukan pengaturan; maksudnya {near}?", "is not a setting; did you mean {near}?"
)
SECRET = Wording(
    "rahasia tidak ditulis di sini; simpan sebagai kredensial dan sebut namanya di password_file",
    "secrets are not written here; keep it as a credential and name that in password_file",
)
QUOTED_NUMBER = Wording(
    'bernilai "{value}" dalam tanda kutip; tulis angka {value}',
    'is "{value}" in quotes; write the number {value}',
)
QUOTED_TRUTH = Wording(
    'bernilai "{value}" dalam tanda kutip; tulis {value}', 'is "{value}" in quotes; write {value}'
)
BARE_NUMBER = Wording(
    'berupa angka {value}; tulis dalam tanda kutip: "{value}"',
    'is the number {value}; write it in quotes: "{value}"',
)
NOT_WHOLE = Wording("bernilai {value}; tulis angka bulat", "is {value}; write a whole number")
WRONG_TYPE = Wording("bernilai {value}; harus {wanted}", "is {value}; it must be {wanted}")
EMPTY = Wording("kosong: {says}", "is empty: {says}")
OUT_OF_RANGE = Wording(
    "bernilai {value}; harus dari {low} sampai {high} {unit}",
    "is {value}; it must be from {low} to {high} {unit}",
)
NOT_SO = Wording("bernilai {value}; tulis {looks}", "is {value}; write {looks}")
NOT_A_CHOICE = Wording(
    "bernilai {value}; pilih salah satu: {choices}", "is {value}; choose one of: {choices}"
)
NOT_A_CHOICE_NEAR = Wording(
    "bernilai {value}; maksudnya {near}?", "is {value}; did you mean {near}?"
)
ONE_BRACKET = Wording(
    "boleh lebih dari satu; tulis [[{name}]] dengan dua kurung siku",
    "may be there more than once; write [[{name}]] with double brackets",
)
TWO_BRACKETS = Wording(
    "hanya ada satu; tulis [{name}] dengan satu kurung siku",
    "is there once only; write [{name}] with single brackets",
)
TOO_FEW = Wording(
    "tidak ada; tulis sedikitnya satu: {says}", "is missing; write at least one: {says}"
)

NUMBER = Wording("angka bulat", "a whole number")
TEXT = Wording("teks dalam tanda kutip", "text in quotes")
TRUTH = Wording("true atau false", "true or false")
TABLE = Wording("bagian dengan pengaturannya", "a section with its settings")
LIST = Wording('daftar, mis. ["..."]', 'a list, e.g. ["..."]')
A_TABLE = Wording("sebuah bagian", "a section")
A_LIST = Wording("sebuah daftar", "a list")

# --- settings against each other -----------------------------------------------------------------
TWICE = Wording(
    "bernilai {value}, sama dengan {other} (baris {line}); beri nilai lain",
    "is {value}, as is {other} (line {line}); give one of them another",
)
PIN_TWICE = Wording(
    "GPIO {value} sudah dipakai {other} (baris {line}); satu pin satu peran",
    "GPIO {value} is taken by {other} (line {line}); one pin, one role",
)
PORT_TWICE = Wording(
    "{value} sudah dipakai {other} (baris {line}); satu perangkat satu pemakai",
    "{value} is taken by {other} (line {line}); one device, one user",
)
NO_PHONE = Wording(
    "menunjuk telepon {value} yang tidak ada; {hint}",
    "names a phone {value} that is not there; {hint}",
)
PHONES_ARE = Wording("yang ada: {known}", "there are: {known}")
PHONE_NEAR = Wording("maksudnya {near}?", "did you mean {near}?")
NO_LINE = Wording(
    "tidak ada jalur masuk; tulis sedikitnya satu [[trunk]] atau [[modem]]",
    "there is no line; write at least one [[trunk]] or [[modem]]",
)
NOT_LATER = Wording(
    "bernilai {value}; harus lebih dari {other} ({limit})",
    "is {value}; it must be more than {other} ({limit})",
)

# --- the routing table ---------------------------------------------------------------------------
NO_AGENCY = Wording(
    "instansi {value} tidak ada di {file}; {hint}", "agency {value} is not in {file}; {hint}"
)
ADD_AGENCY = Wording(
    'tambahkan [[agency]] code = "{value}"', 'add an [[agency]] with code = "{value}"'
)
NEAR_OR = Wording(
    "maksudnya {near}? Jika bukan, {otherwise}", "did you mean {near}? If not, {otherwise}"
)
FILE_OF_SETTING = Wording("menunjuk {file}: {why}", "names {file}: {why}")
NO_HEADING = Wording(
    "baris judul tidak ada; tulis kolom {columns}, dipisah Tab",
    "the heading is missing; write the columns {columns}, separated by tabs",
)
NO_EFFECTIVE = Wording(
    'tidak ada; tulis di awal berkas "# berlaku: 2026-12-01"',
    'is missing; write "# berlaku: 2026-12-01" (the date it takes effect) at the top of the file',
)
NO_REVISION = Wording(
    'tidak ada; tulis di awal berkas "# revisi: 1"',
    'is missing; write "# revisi: 1" (the revision) at the top of the file',
)
NOT_A_DATE = Wording(
    "bernilai {value}; tulis tanggal, mis. 2026-12-01", "is {value}; write a date, e.g. 2026-12-01"
)
NOT_A_REVISION = Wording(
    "bernilai {value}; tulis angka, mis. 1", "is {value}; write a number, e.g. 1"
)
NO_COLUMN = Wording("kolom ini tidak ada di baris judul", "this column is missing in the heading")
COLUMN_TWICE = Wording("kolom ini tertulis dua kali", "this column is there twice")
UNKNOWN_COLUMN = Wording(
    "bukan kolom; yang dikenal: {columns}", "is not a column; known are: {columns}"
)
UNKNOWN_COLUMN_NEAR = Wording(
    "bukan kolom; maksudnya {near}?", "is not a column; did you mean {near}?"
)
WRONG_CELLS = Wording(
    "baris ini berisi {count} kolom, bukan {wanted}; pisahkan kolom dengan satu Tab",
    "this row has {count} columns, not {wanted}; separate columns by one tab",
)
STRAY_BLANK = Wording(
    "bernilai {value} dengan spasi di tepi; hapus spasinya",
    "is {value} with blanks around; remove them",
)
KIND_TWICE = Wording(
    "{value} sudah ada di baris {line}; satu kode satu baris",
    "{value} is in line {line} already; one row for a code",
)
AGENCY_TWICE = Wording(
    "{value} sudah disebut di baris ini sebagai {other}",
    "{value} is in this row already, as {other}",
)
NO_KINDS = Wording("tabel ini tidak berisi satu jenis pun", "this table holds no kind at all")
BLANK_AGENCY = Wording(
    "ada koma tanpa instansi; hapus komanya", "there is a comma without an agency; remove it"
)
