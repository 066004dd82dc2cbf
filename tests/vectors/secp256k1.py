"""ECDSA over secp256k1: verification, and signing for tests.

Written from SEC 1 and RFC 6979 in plain Python. Signing is not constant-time:
never use it with a key that matters.
"""
import hashlib
import hmac

P = 2**256 - 2**32 - 977
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G = (0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
     0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8)
INFINITY = (0, 1, 0)


def double(point):
    """Jacobian doubling on y^2 = x^3 + 7."""
    x, y, z = point
    if z == 0 or y == 0:
        return INFINITY
    yy = y * y % P
    s = 4 * x * yy % P
    m = 3 * x * x % P
    nx = (m * m - 2 * s) % P
    return nx, (m * (s - nx) - 8 * yy * yy) % P, 2 * y * z % P


def add(a, b):
    """Jacobian addition."""
    if a[2] == 0:
        return b
    if b[2] == 0:
        return a
    za, zb = a[2] * a[2] % P, b[2] * b[2] % P
    ua, ub = a[0] * zb % P, b[0] * za % P
    sa, sb = a[1] * zb * b[2] % P, b[1] * za * a[2] % P
    if ua == ub:
        return double(a) if sa == sb else INFINITY
    h, r = (ub - ua) % P, (sb - sa) % P
    hh = h * h % P
    hhh, v = h * hh % P, ua * hh % P
    x = (r * r - hhh - 2 * v) % P
    return x, (r * (v - x) - sa * hhh) % P, h * a[2] * b[2] % P


def affine(point):
    """(x, y), or None for the point at infinity."""
    x, y, z = point
    if z == 0:
        return None
    inverse = pow(z, -1, P)
    square = inverse * inverse % P
    return x * square % P, y * square * inverse % P


def twice(a, point_a, b, point_b):
    """a*A + b*B, both walked together (Shamir)."""
    both = add(point_a, point_b)
    result = INFINITY
    for i in range(max(a.bit_length(), b.bit_length()) - 1, -1, -1):
        result = double(result)
        bits = (a >> i & 1) | (b >> i & 1) << 1
        if bits:
            result = add(result, (None, point_a, point_b, both)[bits])
    return result


def multiply(k, point):
    return twice(k, point, 0, INFINITY)


def decode_point(data):
    """A compressed point, or None when it is none."""
    if len(data) != 33 or data[0] not in (2, 3):
        return None
    x = int.from_bytes(data[1:], "big")
    if x >= P:
        return None
    square = (x * x * x + 7) % P
    y = pow(square, (P + 1) // 4, P)
    if y * y % P != square:
        return None
    return x, (y if y & 1 == data[0] & 1 else P - y)


def encode_point(point):
    return bytes([2 + (point[1] & 1)]) + point[0].to_bytes(32, "big")


def public_key(secret):
    return encode_point(affine(multiply(secret, (*G, 1))))


def verify(public, digest, signature):
    """Is this compact signature (r, s), with a low s, right for the digest?"""
    point = decode_point(public)
    r = int.from_bytes(signature[:32], "big")
    s = int.from_bytes(signature[32:], "big")
    if point is None or len(signature) != 64:
        return False
    if not (0 < r < N and 0 < s <= N // 2):
        return False
    inverse = pow(s, -1, N)
    u1 = int.from_bytes(digest, "big") * inverse % N
    found = affine(twice(u1, (*G, 1), r * inverse % N, (*point, 1)))
    return found is not None and found[0] % N == r


def nonces(secret, digest):
    """RFC 6979 with HMAC-SHA256."""
    def mac(key, data):
        return hmac.new(key, data, hashlib.sha256).digest()
    reduced = int.from_bytes(digest, "big") % N
    seed = secret.to_bytes(32, "big") + reduced.to_bytes(32, "big")
    k, v = bytes(32), b"\x01" * 32
    for mark in (b"\x00", b"\x01"):
        k = mac(k, v + mark + seed)
        v = mac(k, v)
    while True:
        v = mac(k, v)
        candidate = int.from_bytes(v, "big")
        if 0 < candidate < N:
            yield candidate
        k = mac(k, v + b"\x00")
        v = mac(k, v)


def sign(secret, digest):
    for k in nonces(secret, digest):
        r = affine(multiply(k, (*G, 1)))[0] % N
        z = int.from_bytes(digest, "big")
        s = pow(k, -1, N) * (z + r * secret) % N
        if r and s:
            return r.to_bytes(32, "big") + min(s, N - s).to_bytes(32, "big")
