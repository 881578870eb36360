package org.panamask.text;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.regex.Pattern;

/// Translates text to token ids and back, as the tokenizer.json of a model says, without truncation, padding or
/// special tokens. Any number of threads may use one tokenizer; closing it waits for calls that run.
///
/// The file is checked before native code reads it. The native library is told not to use the network
/// (`ai.djl.offline`, `OPT_OUT_TRACKING`) unless these system properties are already set.
public final class Tokenizer implements AutoCloseable {
    /// Before and behind every digit.
    private static final Pattern AROUND_DIGITS = Pattern.compile("(?=\\p{Nd})|(?<=\\p{Nd})");

    private static final Map<String, String> OPTIONS =
            Map.of("truncation", "false", "padding", "false", "addSpecialTokens", "false");

    private final TokenizerFolder files;
    private final Path path;
    private final boolean splitDigits;
    private final Vocabulary vocabulary;
    private final SpecialTokens specialTokens;
    private final int maxCharacters;
    private final HuggingFaceTokenizer library;
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    private boolean closed;

    private Tokenizer(TokenizerFolder files, JsonFile file, Vocabulary vocabulary, int maxCharacters) {
        this.files = files;
        this.path = file.path();
        this.splitDigits = files.splitsDigits();
        this.vocabulary = vocabulary;
        this.maxCharacters = maxCharacters;
        this.specialTokens = specialTokens(files, vocabulary);
        this.library = load(file);
    }

    /// Opens the tokenizer.json at `folderOrFile`, a model folder or the file itself.
    ///
    /// @throws TokenizerException if the file is missing, broken, or holds what native code cannot be trusted with
    public static Tokenizer open(Path folderOrFile) {
        return open(folderOrFile, TokenizerChanges.none());
    }

    /// The same, changed.
    ///
    /// @throws TokenizerException if the file is missing, broken, or holds what native code cannot be trusted with;
    ///     or if it has a mask token although one is to be added
    public static Tokenizer open(Path folderOrFile, TokenizerChanges changes) {
        Path path = Files.isDirectory(folderOrFile) ? folderOrFile.resolve(TokenizerFolder.TOKENIZER) : folderOrFile;
        TokenizerFolder files = new TokenizerFolder(path, changes);
        JsonFile file = files.read();
        int maxCharacters = ComponentRules.apply(file);
        return new Tokenizer(files, file, VocabularyRules.read(file), maxCharacters);
    }

    private static SpecialTokens specialTokens(TokenizerFolder files, Vocabulary vocabulary) {
        SpecialTokens named = SpecialTokenFiles.read(files.tokenizer(), vocabulary);
        return files.changes()
                .addedMask()
                .map(text -> named.with(SpecialToken.MASK, vocabulary.idOf(text).orElseThrow()))
                .orElse(named);
    }

    /// Writes the files of this tokenizer, with every change made to it, into `folder`.
    ///
    /// @throws TokenizerException if a file cannot be read again or written
    public void save(Path folder) {
        files.write(folder, specialTokens.id(SpecialToken.MASK));
    }

    private static HuggingFaceTokenizer load(JsonFile file) {
        // Read when the library's classes load: no download of a CUDA build, no call home.
        setWhenAbsent("ai.djl.offline", "true");
        setWhenAbsent("OPT_OUT_TRACKING", "true");
        setWhenAbsent("RUST_FLAVOR", "cpu");
        try {
            return HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(file.utf8()), OPTIONS);
        } catch (IOException | RuntimeException e) {
            requireNativeAccess(e);
            throw new TokenizerException(
                    file.path() + ": the tokenizer library refuses it, " + e.getMessage() + "; fetch the file again",
                    e);
        } catch (LinkageError e) {
            requireNativeAccess(e);
            throw new TokenizerException(
                    "tokenizer library: cannot be loaded, " + e.getMessage()
                            + "; check that this platform is supported and DJL_CACHE_DIR can be written",
                    e);
        }
    }

    /// Says what to do where `failure` comes from Java refusing native code, not from the file.
    private static void requireNativeAccess(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof IllegalCallerException) {
                Module module = HuggingFaceTokenizer.class.getModule();
                String name = module.isNamed() ? module.getName() : "ALL-UNNAMED";
                throw new TokenizerException(
                        "native access is not enabled for the tokenizer library; start java with"
                                + " --enable-native-access=" + name,
                        cause);
            }
        }
    }

    private static void setWhenAbsent(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }

    /// The ids of `text`, without special tokens around it. Special tokens spelt out in the text become their ids.
    ///
    /// @throws TokenizerException if the text is longer than this tokenizer can bear or is not Unicode
    /// @throws IllegalStateException if the tokenizer is closed
    public int[] encode(String text) {
        if (text.length() > maxCharacters) {
            throw new TokenizerException(path + ": a text must not exceed " + maxCharacters + " characters, but has "
                    + text.length() + "; split it");
        }
        int broken = loneSurrogate(text);
        if (broken >= 0) {
            throw new TokenizerException(path + ": a text must be Unicode, but character " + broken
                    + " is half of a surrogate pair; repair the text");
        }
        lock.readLock().lock();
        try {
            requireOpen();
            return splitDigits ? encodeParts(text) : encodeWhole(text);
        } catch (TokenizerException | IllegalStateException e) {
            throw e;
        } catch (RuntimeException e) {
            throw new TokenizerException(
                    path + ": a text cannot be tokenized, " + e.getMessage() + "; use a tokenizer that covers it", e);
        } finally {
            lock.readLock().unlock();
            Reference.reachabilityFence(this);
        }
    }

    private int[] encodeWhole(String text) {
        return narrow(library.encode(text, false, false).getIds());
    }

    /// Every digit and every run between digits on its own.
    private int[] encodeParts(String text) {
        return AROUND_DIGITS
                .splitAsStream(text)
                .flatMapToInt(part -> Arrays.stream(encodeWhole(part)))
                .toArray();
    }

    /// The text of `ids`; `skipSpecial` leaves special tokens out.
    ///
    /// @throws TokenizerException if an id is not in the vocabulary
    /// @throws IllegalStateException if the tokenizer is closed
    public String decode(int[] ids, boolean skipSpecial) {
        long[] wide = new long[ids.length];
        for (int i = 0; i < ids.length; i++) {
            if (!vocabulary.holds(ids[i])) {
                throw new TokenizerException(path + ": id " + ids[i] + " at position " + i
                        + " is not in the vocabulary of " + vocabulary.size() + "; decode ids of this tokenizer only");
            }
            wide[i] = ids[i];
        }
        lock.readLock().lock();
        try {
            requireOpen();
            return library.decode(wide, skipSpecial);
        } catch (IllegalStateException e) {
            throw e;
        } catch (RuntimeException e) {
            throw new TokenizerException(path + ": ids cannot be decoded, " + e.getMessage(), e);
        } finally {
            lock.readLock().unlock();
            Reference.reachabilityFence(this);
        }
    }

    /// One more than the largest id; added tokens count.
    public int vocabularySize() {
        return vocabulary.size();
    }

    /// Whether `id` belongs to a token; models may have more rows than the vocabulary has entries.
    public boolean holds(int id) {
        return vocabulary.holds(id);
    }

    /// The id of the token spelt exactly `token` in the file, if there is one.
    public OptionalInt idOf(String token) {
        return vocabulary.idOf(token);
    }

    /// The special tokens that the files of the folder name.
    public SpecialTokens specialTokens() {
        return specialTokens;
    }

    /// The most characters that one text may have.
    public int maxCharacters() {
        return maxCharacters;
    }

    /// The tokenizer.json this was read from.
    public Path path() {
        return path;
    }

    /// Frees the native tokenizer once running calls are done. A second call does nothing.
    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            if (!closed) {
                closed = true;
                library.close();
            }
        } finally {
            lock.writeLock().unlock();
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException(path + ": the tokenizer is closed");
        }
    }

    private static int[] narrow(long[] ids) {
        int[] narrow = new int[ids.length];
        for (int i = 0; i < ids.length; i++) {
            narrow[i] = Math.toIntExact(ids[i]);
        }
        return narrow;
    }

    private static int loneSurrogate(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isSurrogate(c)) {
                if (!Character.isHighSurrogate(c)
                        || i + 1 == text.length()
                        || !Character.isLowSurrogate(text.charAt(i + 1))) {
                    return i;
                }
                i++;
            }
        }
        return -1;
    }
}
