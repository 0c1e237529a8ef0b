#!/usr/bin/env python3
"""Opens an integer network and classifies the images of a file of raw pixels: H W C bytes an image, one after the other.

    python3 classify.py MODEL.dfq PIXELS

Python's own ctypes is all that it needs. DYNADFQ_LIBRARY names the library where the loader does not find it.
"""
import ctypes
import os
import sys

POINTER, INT32 = ctypes.POINTER, ctypes.c_int32


class Results(ctypes.Structure):
    """dynadfq_results of dynadfq.h."""

    _fields_ = [
        ("logits", POINTER(ctypes.c_float)),
        ("class_indices", POINTER(INT32)),
        ("passes", POINTER(INT32)),
        ("bits", POINTER(ctypes.c_uint8)),
    ]


def load_library():
    suffix = "dylib" if sys.platform == "darwin" else "so"
    library = ctypes.CDLL(os.environ.get("DYNADFQ_LIBRARY", f"libdynadfq-c.{suffix}"))
    network, text, size = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t
    for name in ("image_height", "image_width", "image_channels", "class_count", "output_count"):
        getattr(library, f"dynadfq_{name}").argtypes = [network]
    for name in ("class_name", "output_name"):
        function = getattr(library, f"dynadfq_{name}")
        function.argtypes, function.restype = [network, INT32], text
    library.dynadfq_open.argtypes = [text, INT32, POINTER(network), text, size]
    library.dynadfq_predict.argtypes = [network, text, size, ctypes.c_int64, POINTER(Results), text, size]
    library.dynadfq_close.argtypes = [network]
    library.dynadfq_close.restype = None
    return library


class Network:
    """An integer network; close it, or use it in a `with` statement."""

    def __init__(self, path, threads=0):
        self.library, self.handle = load_library(), ctypes.c_void_p()
        message = ctypes.create_string_buffer(300)
        if self.library.dynadfq_open(os.fsencode(path), threads, self.handle, message, len(message)) != 0:
            raise ValueError(message.value.decode())
        get = lambda name: getattr(self.library, f"dynadfq_{name}")(self.handle)
        self.shape = (get("image_height"), get("image_width"), get("image_channels"))
        self.class_count, self.output_count = get("class_count"), get("output_count")
        names = (self.library.dynadfq_class_name(self.handle, index) for index in range(self.class_count))
        self.class_names = [name.decode() if name else "" for name in names]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.library.dynadfq_close(self.handle)
        self.handle = None

    def predict(self, pixels):
        """Class, passes and bits of each image; `pixels` are bytes N H W C, or what has `tobytes`, as NumPy's arrays."""
        pixels = pixels if isinstance(pixels, bytes) else pixels.tobytes()
        height, width, channels = self.shape
        count = len(pixels) // (height * width * channels)
        classes, passes = (INT32 * count)(), (INT32 * count)()
        bits = (ctypes.c_uint8 * (count * self.output_count))()
        results = Results(None, classes, passes, bits)
        message = ctypes.create_string_buffer(300)
        status = self.library.dynadfq_predict(
            self.handle, pixels, len(pixels), count, ctypes.byref(results), message, len(message)
        )
        if status != 0:
            raise ValueError(message.value.decode())
        width = self.output_count
        return [(classes[n], passes[n], bits[n * width : (n + 1) * width]) for n in range(count)]


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: classify.py MODEL.dfq PIXELS")
    with Network(sys.argv[1]) as network, open(sys.argv[2], "rb") as file:
        height, width, channels = network.shape
        print(f"images {height}x{width}x{channels}, {network.class_count} classes")
        for image, (index, passes, bits) in enumerate(network.predict(file.read())):
            print(f"image {image}: class {index} {network.class_names[index]}, passes {passes}, bits", *bits)


if __name__ == "__main__":
    try:
        main()
    except (OSError, ValueError) as error:
        sys.exit(f"classify.py: {error}")
