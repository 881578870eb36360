package org.panamask.emulator;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// The families of kernels, what each is compiled with, and the most registers each kernel may take:
/// `src/test/resources/kernels/registers.txt`.
///
/// @param families by name, in the order of the table
public record KernelTable(Map<String, Family> families) {
    /// A family of `kernels/`.
    ///
    /// @param types what PMK_T is, empty if the family does not ask
    /// @param defines the other settings, one list for each specialisation
    /// @param ceilings the most registers of a thread, by kernel
    public record Family(String name, List<String> types, List<List<String>> defines, Map<String, Integer> ceilings) {
        /// The settings of every compilation; only the last type and the last specialisation if it is to be
        /// `quick`.
        public List<List<String>> compilations(boolean quick) {
            List<List<String>> all = new ArrayList<>();
            for (List<String> specialisation : defines.isEmpty() ? List.of(List.<String>of()) : defines) {
                if (types.isEmpty()) {
                    all.add(specialisation);
                }
                for (String type : types) {
                    List<String> one = new ArrayList<>(List.of("PMK_T=" + type));
                    one.addAll(specialisation);
                    all.add(one);
                }
            }
            return quick ? List.of(all.getLast()) : all;
        }
    }

    private static final List<String> TYPES = List.of("float", "f16", "bf16");

    /// Reads it.
    public static KernelTable read() throws IOException {
        Map<String, Family> families = new LinkedHashMap<>();
        Family family = null;
        for (String line : Files.readAllLines(Path.of("src/test/resources/kernels/registers.txt"))) {
            String[] words = line.strip().split("\\s+");
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            } else if (words[0].equals("family")) {
                List<String> types = words.length == 2 ? TYPES : List.of(words).subList(2, words.length);
                types = types.equals(List.of("any")) ? List.of() : types;
                family = new Family(words[1], types, new ArrayList<>(), new TreeMap<>());
                families.put(family.name(), family);
            } else if (family == null) {
                throw new IOException("a family must come before: " + line);
            } else if (words[0].equals("with")) {
                family.defines().add(List.of(words).subList(1, words.length));
            } else {
                family.ceilings().put(words[0], Integer.parseInt(words[1]));
            }
        }
        return new KernelTable(families);
    }
}
