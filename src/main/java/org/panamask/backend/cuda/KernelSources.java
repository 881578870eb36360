package org.panamask.backend.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.panamask.backend.BackendException;
import org.panamask.ffi.cuda.Nvrtc;

/// The sources of kernels, which lie in the jar.
final class KernelSources {
    private static final Pattern INCLUDE = Pattern.compile("^\\s*#include \"([^\"]+)\"", Pattern.MULTILINE);
    /// What only the emulator's compiler includes, from its own folder.
    private static final String EMULATED = "pmk_emu.h";

    private KernelSources() {}

    /// What is compiled for `family` on `architecture`, with every header that it includes.
    ///
    /// @throws BackendException if there is no such source
    static Nvrtc.Source of(Family family, String architecture) {
        String name = family.name() + ".cu";
        String source = text(name);
        SortedMap<String, String> headers = new TreeMap<>();
        Deque<String> unread = new ArrayDeque<>(includes(source));
        while (!unread.isEmpty()) {
            String header = unread.pop();
            if (!headers.containsKey(header)) {
                String text = text(header);
                headers.put(header, text);
                unread.addAll(includes(text));
            }
        }
        List<String> options = new ArrayList<>(List.of("--gpu-architecture=" + architecture, "--std=c++17"));
        options.addAll(family.options());
        return new Nvrtc.Source(name, source, headers, options);
    }

    private static List<String> includes(String text) {
        return INCLUDE.matcher(text)
                .results()
                .map(found -> found.group(1))
                .filter(header -> !header.equals(EMULATED))
                .toList();
    }

    private static String text(String name) {
        try (InputStream in = KernelSources.class.getResourceAsStream("/kernels/" + name)) {
            if (in == null) {
                throw new BackendException("backend cuda: this version has no kernels/" + name);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("reading kernels/" + name, e);
        }
    }
}
