#!/usr/bin/env bash
# Makes the developer's environment, with apt-get where that is allowed. The Makefile calls it; a person need not.
#
#   environment.sh check VENV    is VENV whole and in its place?
#   environment.sh venv VENV     make VENV and install storebox into it (editable, with what development needs)
#   environment.sh browser       find or install Chromium, which the browser tests drive
#   environment.sh devices       find or install what plays recorded devices, and libusb for those of USB
#   environment.sh interop DIR   install the foreign programs of tests/interop into DIR, where node and npm are there
#   environment.sh box           find or install the emulator of tests/box, unpack a kernel for it into build/box
#   environment.sh root FOLDER   build a bare Debian 12 for tests/nspawn, as root
set -euo pipefail
cd "$(dirname "$0")/../.."

say() { echo "environment: $*" >&2; }

as_root() {
    if [ "$(id -u)" = 0 ]; then echo env
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then echo sudo -n env
    else return 1
    fi
}

# Options of every apt-get.
QUIETLY=(-qq -o Acquire::Retries=1 -o Acquire::http::Timeout=30 -o DPkg::Lock::Timeout=120)

# Package lists are fetched once a day; return 1 where that is not allowed.
fresh_lists() {
    local root
    command -v apt-get >/dev/null || return 1
    root=$(as_root) || return 1
    mkdir -p build
    [ -z "$(find build -maxdepth 1 -name .apt-updated -mtime -1)" ] || return 0
    $root DEBIAN_FRONTEND=noninteractive apt-get "${QUIETLY[@]}" update </dev/null >&2 && touch build/.apt-updated
}

# apt WHY PACKAGE…: install by apt-get, or return 1.
apt() {
    local why=$1 root
    shift
    command -v apt-get >/dev/null || return 1
    root=$(as_root) || return 1
    say "$why: apt-get installs $*"
    fresh_lists || return 1
    $root DEBIAN_FRONTEND=noninteractive apt-get "${QUIETLY[@]}" install -y --no-install-recommends "$@" \
        </dev/null >build/apt.log 2>&1 || { say "apt-get failed, see build/apt.log"; return 1; }
}

# unpack PACKAGE FOLDER [PATTERN…]: a package's files, or those that match, without installing it, or return 1.
unpack() {
    local package=$1 folder=$2
    shift 2
    [ ! -e "$folder/.whole" ] || return 0
    command -v dpkg-deb >/dev/null && command -v apt-get >/dev/null || return 1
    fresh_lists || true # a user may download with the lists that there are
    say "apt-get downloads $package into $folder; it is not installed"
    rm -rf "$folder" && mkdir -p "$folder"
    (cd "$folder" && apt-get "${QUIETLY[@]}" download "$package") </dev/null >build/apt.log 2>&1 || {
        say "apt-get failed, see build/apt.log"
        return 1
    }
    dpkg-deb --fsys-tarfile "$folder"/*.deb | tar -x --no-same-owner -C "$folder" --wildcards "${@:-*}" || return 1
    rm "$folder"/*.deb
    touch "$folder/.whole"
}

suitable() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    local candidate
    for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11 /usr/bin/python3; do
        if suitable "$candidate"; then command -v "$candidate"; return; fi
    done
    return 1
}

python_or_apt() {
    find_python && return
    apt "no Python 3.11 or newer" python3 python3-venv && find_python && return
    say "storebox needs Python 3.11 or newer; install it, or name it: make PYTHON=/path/to/python3 …"
    return 1
}

make_venv() {
    local python=$1 venv=$2 version
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        version=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
        apt "Python cannot make virtual environments" "$version" || apt "again, by its general name" python3-venv || {
            say "Python lacks ensurepip; as root: apt-get install $version"
            return 1
        }
    fi
    "$python" -m venv --clear "$venv"
}

whole() {
    local venv=$1
    [ -x "$venv/bin/python" ] && "$venv/bin/python" -c '' 2>/dev/null &&
        head -n 2 "$venv/bin/pip" 2>/dev/null | grep -qF "$PWD/$venv/bin/"
}

has_font() { find /usr/share/fonts -type f -name "$1" 2>/dev/null | grep -q .; }

# The emulated printer draws with these two, so that its pictures are the same everywhere.
need_font() {
    has_font wqy-zenhei.ttc && has_font DejaVuSansMono.ttf && return
    apt "no fonts for pictures of the paper" fonts-wqy-zenhei fonts-dejavu-core ||
        say "pictures of the paper lack fonts; as root: apt-get install fonts-wqy-zenhei fonts-dejavu-core"
}

# Chromium without windows draws the same pages for half the work; where there is none, the whole one does.
need_browser() {
    local name
    command -v chromium-headless-shell >/dev/null && return
    apt "browser tests" chromium-headless-shell && return
    for name in chromium chromium-browser; do
        if command -v "$name" >/dev/null; then return; fi
    done
    apt "no Chromium" chromium ||
        say "no Chromium: browser tests are skipped; as root: apt-get install chromium"
}

# umockdev plays recorded devices to a program that thinks they are plugged in; libusb looks for USB printers there.
need_devices() {
    local missing=()
    command -v umockdev-run >/dev/null || missing+=(umockdev)
    PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2>/dev/null | grep -F libusb-1.0.so.0 >/dev/null || missing+=(libusb-1.0-0)
    [ ${#missing[@]} = 0 ] || apt "no recorded devices" "${missing[@]}" ||
        say "no recorded devices: their tests are skipped; as root: apt-get install ${missing[*]}"
}

# They judge ours in tests/interop; without node or npm, or without a registry, those tests are skipped.
need_interop() {
    local folder=$1
    if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
        say "no node or no npm: tests/interop is skipped in part; as root: apt-get install nodejs npm, then make test"
        return
    fi
    mkdir -p "$folder"
    cp tests/interop/package.json tests/interop/package-lock.json "$folder"
    if (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null >npm.log 2>&1); then
        touch "$folder/.ready"
    else
        say "npm could not install the foreign programs, see $folder/npm.log: tests/interop is skipped in part"
    fi
}

# The machine of tests/box. It runs the tests' own Python, so only on the processor that it emulates.
need_box() {
    local missing=() kernel
    if [ "$(uname -sm)" != "Linux x86_64" ]; then return; fi
    command -v qemu-system-x86_64 >/dev/null || missing+=(qemu-system-x86)
    [ -x /lib/systemd/systemd-udevd ] || missing+=(udev)
    [ ${#missing[@]} = 0 ] || apt "no machine to plug devices into" "${missing[@]}" ||
        say "no machine to plug devices into: tests/box is skipped; as root: apt-get install ${missing[*]}"
    unpack busybox-static build/box/busybox '*/busybox' || say "no static busybox: tests/box is skipped"
    if [ ! -e build/box/kernel/.whole ]; then
        kernel=$(apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-.*\)/\1/p') || true
        [ -n "$kernel" ] && unpack "$kernel" build/box/kernel './boot/*' '*/modules.builtin' '*/kernel/fs/*' \
            '*/kernel/net/9p/*' '*/kernel/drivers/'{virtio,usb,hid,input,char}'/*' ||
            say "no Debian kernel to be had: tests/box is skipped"
    fi
}

# A Debian 12 as its installer leaves it, with nothing of ours, for tests/nspawn. It comes from the sources that this
# machine's apt has for Debian 12, and is kept. mmdebstrap refuses what is not signed.
need_root() {
    local folder=$1 missing=() sources
    [ ! -e "$folder.whole" ] || return 0
    [ "$(id -u)" = 0 ] || { say "no Debian 12 root: only root can make one; tests/nspawn is skipped"; return; }
    command -v mmdebstrap >/dev/null || missing+=(mmdebstrap)
    command -v systemd-nspawn >/dev/null || missing+=(systemd-container)
    [ ${#missing[@]} = 0 ] || apt "no Debian 12 root" "${missing[@]}" || {
        say "no Debian 12 root: tests/nspawn is skipped; as root: apt-get install ${missing[*]}"
        return
    }
    fresh_lists || true # a machine without network builds from what it has, or says that it can't
    mkdir -p "$(dirname "$folder")"
    sources=$(dirname "$folder")/sources.list
    apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' \
        2>/dev/null | grep -E ' bookworm(-updates|-security)? ' | sort -u >"$sources" || true
    [ -s "$sources" ] || {
        say "no Debian 12 root: this machine's apt has no sources of Debian 12; tests/nspawn is skipped"
        return
    }
    say "building a Debian 12 root in $folder"
    rm -rf --one-file-system "$folder"
    if mmdebstrap --quiet --mode=root --variant=minbase --include=systemd,systemd-sysv,udev,dbus,python3,libusb-1.0-0,tzdata \
        bookworm "$folder" "$sources" </dev/null >"$folder.log" 2>&1; then
        touch "$folder.whole"
    else
        say "no Debian 12 root could be built, see $folder.log: tests/nspawn is skipped"
    fi
}

prepare() {
    local venv=$1 python
    mkdir -p build
    exec 9>build/.environment.lock
    flock 9
    whole "$venv" || { python=$(python_or_apt); say "making $venv with $python"; make_venv "$python" "$venv"; }
    need_font
    say "installing storebox and its libraries into $venv"
    "$venv/bin/python" -m pip install -qq --disable-pip-version-check --editable '.[dev]'
}

case "${1:-}" in
    check) whole "$2" ;;
    venv) prepare "$2" ;;
    browser) need_browser ;;
    devices) need_devices ;;
    interop) need_interop "$2" ;;
    box) need_box ;;
    root) need_root "$2" ;;
    *) sed -n '2,11s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
