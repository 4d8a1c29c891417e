"""What a stranger reads first: what this is and how to check it with common tools."""

from appliance.volume.form import Form
from appliance.volume.plan import Identity

_ENGLISH = """\
{title} {label}
{line}

Organisation  {organisation}
Fonds         {fonds}
Series        {series}
Volume        {volume_id}
Made          {created_at}

This {thing} holds {files} archived files, {payload} bytes, in the folder "data".
{how}
IS IT STILL COMPLETE AND UNCHANGED?
In the folder that holds this file, on Linux, macOS or any Unix:
    sha256sum -c manifest-sha256.txt        (macOS: shasum -a 256 -c)
Every line must end in "OK". The {thing} is a BagIt 1.0 bag (RFC 8493), so any
BagIt program checks it as well, for example: python3 -m bagit --validate .
Each line of manifest-sha256.txt is the SHA-256 (FIPS 180-4) of one file in
64 hexadecimal digits, two spaces, and the path of the file, in UTF-8.

WHAT IS WHAT
data/                    the archived files; each dossier is a folder
manifest-*.txt           digests of the archived files
tagmanifest-*.txt        digests of the other files in this folder
bag-info.txt, bagit.txt  who packed this and when, as BagIt wants it
volume.json              the same and the list of dossiers, for programs
"""

_ENGLISH_NAMES = """\
names.json               true names of files and folders: some names cannot
                         stand on every system, so on this {thing} they have an
                         alias with "~" and 8 characters in it; "disc" is the
                         path here, "name" the true name
"""

_CHINESE = """\
{title} {label}
{line}

单位      {organisation}
全宗      {fonds}
目录      {series}
数据卷    {volume_id}
制作时间  {created_at}

本{thing}保存归档文件 {files} 个，共 {payload} 字节，位于“data”文件夹中。
{how}
如何检查{thing}是否完整、内容是否改变？
在本文件所在的文件夹中，于 Linux、macOS 或其他 Unix 系统上执行：
    sha256sum -c manifest-sha256.txt        （macOS：shasum -a 256 -c）
每一行都必须以“OK”（或“成功”）结尾。本{thing}是一个 BagIt 1.0 包（RFC 8493），
任何 BagIt 程序都可以检查，例如：python3 -m bagit --validate .
manifest-sha256.txt 的每一行依次是：一个文件的 SHA-256（FIPS 180-4）摘要，
64 位十六进制数字；两个空格；该文件的路径，UTF-8 编码。

各文件的用途
data/                    归档文件；每个案卷一个文件夹
manifest-*.txt           归档文件的摘要
tagmanifest-*.txt        本文件夹中其他文件的摘要
bag-info.txt, bagit.txt  由谁、何时打包（BagIt 规定的格式）
volume.json              同样的信息和案卷清单，供程序读取
"""

_CHINESE_NAMES = """\
names.json               文件和文件夹的真实名称：有些名称不能用于所有系统，
                         在本{thing}上改用带“~”和 8 个字符的别名；“disc”是{thing}
                         上的路径，“name”是真实名称
"""


_ENGLISH_HOW = {
    Form.DISC: (
        "ARCHIVE DISC",
        "disc",
        """\
They are ordinary files in an ordinary file system (UDF 1.02): no special
program is needed. If you see nothing but this README, your system has opened
the small ISO 9660 part of the disc; open it as UDF (Linux:
"mount -t udf /dev/sr0 /mnt"), or unpack it with 7-Zip ("7z x").
""",
    ),
    Form.FOLDER: (
        "ARCHIVE FOLDER",
        "folder",
        """\
They are ordinary files: no special program is needed. Every folder beside
this one that has a README.txt is another volume like it.
""",
    ),
    Form.ARCHIVE: (
        "ARCHIVE TAPE FILE",
        "archive",
        """\
They are members of a pax archive (POSIX.1-2001), which tar unpacks: no special
program is needed. On the tape each archive stands between two file marks;
this is how the third is unpacked on Linux (the first is number 0):
"mt -f /dev/nst0 asf 2; tar -b 512 -xf /dev/nst0".
""",
    ),
}

_CHINESE_HOW = {
    Form.DISC: (
        "档案光盘",
        "光盘",
        """\
它们是普通文件系统（UDF 1.02）中的普通文件，不需要任何专用软件即可读取。
如果您只看到本说明文件，说明系统打开的是光盘上很小的 ISO 9660 部分；
请以 UDF 方式打开（Linux：“mount -t udf /dev/sr0 /mnt”），
或用 7-Zip 解开（“7z x”）。
""",
    ),
    Form.FOLDER: (
        "档案文件夹",
        "文件夹",
        """\
它们是普通文件，不需要任何专用软件即可读取。
与本文件夹并列、带有 README.txt 的每个文件夹都是一个同样的数据卷。
""",
    ),
    Form.ARCHIVE: (
        "档案磁带文件",
        "归档",
        """\
它们是 pax 归档（POSIX.1-2001）的成员，用 tar 即可解开，不需要任何专用软件。
磁带上每个归档位于两个文件标记之间；在 Linux 上解开第三个归档的方法
（第一个的编号为 0）：“mt -f /dev/nst0 asf 2; tar -b 512 -xf /dev/nst0”。
""",
    ),
}


def readme_en(identity: Identity, files: int, payload: int, form: Form, *, aliased: bool) -> str:
    """The README in English."""
    names = _ENGLISH_NAMES if aliased else ""
    return _fill(_ENGLISH + names, _ENGLISH_HOW[form], identity, files, payload)


def readme_zh(identity: Identity, files: int, payload: int, form: Form, *, aliased: bool) -> str:
    """The README in Chinese."""
    names = _CHINESE_NAMES if aliased else ""
    return _fill(_CHINESE + names, _CHINESE_HOW[form], identity, files, payload)


def _fill(
    template: str, words: tuple[str, str, str], identity: Identity, files: int, payload: int
) -> str:
    label = _one_line(identity.label)
    title, thing, how = words
    return template.format(
        title=title,
        thing=thing,
        how=how,
        label=label,
        line="=" * min(13 + len(label), 72),
        organisation=_one_line(identity.organisation) or "-",
        fonds=_one_line(identity.fonds),
        series=_one_line(identity.series),
        volume_id=identity.volume_id,
        created_at=identity.created_at.strftime("%Y-%m-%d %H:%M:%S UTC"),
        files=files,
        payload=payload,
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())
