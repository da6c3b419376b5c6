#!/usr/bin/env bash
# Makes the tree that a box or a headquarters runs from: a complete virtual environment for Debian 12's own Python.
#
#   tree.sh FOLDER HOME [EXTRAS]    make FOLDER, to be put at HOME; EXTRAS of setup.cfg, such as hq
#
# The package holds this tree, and a signed bundle holds the same one. What came from elsewhere is installed once and
# kept under build/tree/ until setup.cfg changes; our own wheel is laid over a copy of it. Byte code is compiled here and
# never checked against its source's time, since a package's files get other times.
set -euo pipefail
cd "$(dirname "$0")/../.."

say() { echo "tree: $*" >&2; }

folder=$(realpath -m "$1") home=$2 extras=${3:-}
python=${STOREBOX_TREE_PYTHON:-/usr/bin/python3.11}
pip=(.venv/bin/python -m pip --disable-pip-version-check)
umask 022

"$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || {
    say "a box runs Debian 12, whose Python is 3.11: $python is not here; build on Debian 12, or name another 3.11 with" \
        "STOREBOX_TREE_PYTHON"
    exit 1
}

wheel() {
    rm -rf build/tree/wheel build/lib build/bdist.*
    "${pip[@]}" wheel -qq --no-deps --wheel-dir build/tree/wheel . >&2
    ls "$PWD"/build/tree/wheel/storebox-*.whl
}

# without_pip VENV: an environment whose pip is ours, outside.
without_pip() {
    "$python" -m venv --without-pip "$1"
    rm -rf "$1"/bin/[Aa]ctivate* "$1/include"
}

# libraries WHEEL BASE: all that the wheel needs, compiled for its later place.
libraries() {
    local base=$2
    say "installing what storebox${extras:+[$extras]} needs"
    rm -rf "$base" && without_pip "$base"
    "${pip[@]}" --python "$base/bin/python" install -qq --no-compile --no-warn-script-location --only-binary :all: \
        "$1${extras:+[$extras]}"
    "${pip[@]}" --python "$base/bin/python" uninstall -qq --yes storebox
    compile "$base"
    touch "$base/.whole"
}

# compile FOLDER [PATH…]: byte code that names the place where the files will lie.
compile() {
    local base=$1 site
    shift
    site=$(echo "$base"/lib/python3.11/site-packages)
    "$python" -m compileall -qq -j 0 --invalidation-mode unchecked-hash -s "$base" -p "$home" "${@:-$site}" || {
        # A library may carry a file of another Python's syntax; what we import is proved by starting it.
        say "not every file could be compiled"
    }
}

made=$(wheel)
key=$(sed -n '/^python_requires/,/^\[options.entry_points\]/p' setup.cfg | cat - <(echo "$home $extras") <("$python" -V) | sha256sum)
base=build/tree/${key:0:16}
[ -e "$base/.whole" ] || libraries "$made" "$base"

rm -rf "$folder" && mkdir -p "$(dirname "$folder")"
cp -a "$base" "$folder"
rm "$folder/.whole"
"${pip[@]}" --python "$folder/bin/python" install -qq --no-compile --no-deps --no-warn-script-location "$made"
site=$folder/lib/python3.11/site-packages
compile "$folder" "$site/agent" "$site/drivers" "$site/sync"

# The only commands are ours, the Python is the box's, and nothing names the place where it was built.
find "$folder/bin" -type f ! -name 'storebox*' -delete
find "$folder/bin" -type l -delete
ln -s /usr/bin/python3.11 "$folder/bin/python3.11"
ln -s python3.11 "$folder/bin/python3"
ln -s python3.11 "$folder/bin/python"
sed -i "1s|^#!.*|#!$home/bin/python|" "$folder"/bin/storebox*
printf 'home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.11\n' >"$folder/pyvenv.cfg"
rm -f "$site"/storebox-*.dist-info/direct_url.json
if grep -rIlF "$PWD" "$folder" >&2; then
    say "these files name $PWD"
    exit 1
fi
