package org.panamask.train;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.panamask.data.Conversation;
import org.panamask.data.Conversations;
import org.panamask.data.DataException;
import org.panamask.data.DataSettings;
import org.panamask.data.DocumentRows;
import org.panamask.data.Documents;
import org.panamask.data.RowIds;
import org.panamask.data.SftRows;
import org.panamask.data.TokenizedDataset;
import org.panamask.diffusion.DreamObjective;
import org.panamask.diffusion.LladaObjective;
import org.panamask.diffusion.MdlmObjective;
import org.panamask.diffusion.Objective;
import org.panamask.text.Message;

/// Makes the rows that a recipe's data settings name, and gathers what there is to say about them.
final class TrainingRows {
    private final DataSettings settings;
    private final Objective objective;
    private final long seed;
    private final RowIds special;
    private final TokenizedDataset.Tokenization tokenization;
    private final List<String> warnings = new ArrayList<>();

    TrainingRows(Recipe recipe, RowIds special, TokenizedDataset.Tokenization tokenization) {
        this.settings = recipe.data();
        this.objective = recipe.objective();
        this.seed = recipe.train().seed();
        this.special = special;
        this.tokenization = tokenization;
    }

    /// What was left out or cut of the training rows, a sentence each.
    List<String> warnings() {
        return warnings;
    }

    /// The training rows, validation rows to be split off included.
    TokenizedDataset training() {
        TokenizedDataset rows = rows(settings.train(), settings.dataset(), most());
        warnings.addAll(rows.statistics().warnings());
        return rows;
    }

    /// The validation rows of a file or of data sets of their own; empty where none are named.
    Optional<TokenizedDataset> validation() {
        return settings.validation().isEmpty() && settings.evalDataset().isEmpty()
                ? Optional.empty()
                : Optional.of(rows(
                        settings.validation(),
                        settings.evalDataset(),
                        settings.validation().isPresent() ? Long.MAX_VALUE : most()));
    }

    private long most() {
        return settings.maxSamples() > 0 ? settings.maxSamples() : Long.MAX_VALUE;
    }

    private TokenizedDataset rows(Optional<Path> file, List<String> names, long most) {
        boolean documents = switch (objective) {
            case Objective.DdmSft _, Objective.Mgdm _, DreamObjective _ -> false;
            case Objective.Ddm _ -> true;
            case LladaObjective llada -> llada.documents();
            case MdlmObjective mdlm -> mdlm.documents();
            case Objective.Autoregressive ar -> ar.documents();
        };
        if (settings.packing() && !(objective instanceof Objective.DdmSft)) {
            throw new DataException("data.packing: must be false unless objective.mode is ddm-sft, which keeps packed"
                    + " rows apart; leave it out"
                    + (objective instanceof Objective.Ddm ? ", documents are joined by objective.packing" : ""));
        }
        if (!documents) {
            return pairs(file, names, most);
        }
        if (settings.template().isPresent()) {
            throw new DataException(
                    "data.template: must be left out for documents, which are learnt as they are; leave it out");
        }
        String source = file.map(Path::toString).orElse("data.dataset " + names);
        return documents(source, file.isPresent() ? Documents.read(file.get(), most) : texts(names, most));
    }

    private List<String> texts(List<String> names, long most) {
        return conversations(names, Conversations.Use.DOCUMENT, most).stream()
                .map(conversation -> conversation.prompt().getFirst().content())
                .toList();
    }

    private TokenizedDataset documents(String source, List<String> texts) {
        List<int[]> ids = TokenizedDataset.encode(texts, tokenization);
        // A begin token comes before each of them.
        int begin = objective instanceof MdlmObjective mdlm && mdlm.shifts() ? 1 : 0;
        DocumentRows maker = DocumentRows.of(settings.maxTokens() - begin, special.eos());
        boolean packing = !(objective instanceof Objective.Ddm ddm) || ddm.packing();
        var rows = packing ? maker.packed(ids) : maker.single(ids);
        if (rows.isEmpty()) {
            throw new DataException(source + ": its documents do not fill one row of " + settings.maxTokens()
                    + " tokens; lower data.max_tokens"
                    + (objective instanceof Objective.Ddm ? " or set objective.packing: false" : ""));
        }
        return new TokenizedDataset(rows, maker.statistics(rows, ids, special.mask()));
    }

    private TokenizedDataset pairs(Optional<Path> file, List<String> names, long most) {
        Conversations.Use use =
                settings.template().isPresent() ? Conversations.Use.TEMPLATE : Conversations.Use.SINGLE_TURN;
        List<Conversation> conversations;
        if (file.isPresent()) {
            Conversations read = Conversations.ofFile(file.get(), use, most);
            warnings.addAll(read.warnings());
            conversations = read.rows();
        } else {
            conversations = conversations(names, use, most);
        }
        var encoding = new TokenizedDataset.Encoding<Conversation>(
                this::source, conversation -> tokenization.encode().apply(conversation.answer()));
        return TokenizedDataset.build(conversations, encoding, maker(), tokenization);
    }

    private SftRows maker() {
        int most = settings.maxTokens();
        SftRows maker = switch (objective) {
            case LladaObjective _, DreamObjective _, MdlmObjective _ ->
                SftRows.withoutSeparator(most, special, settings.padAsTarget());
            case Objective.Mgdm _ -> SftRows.withoutBegin(most, special, settings.padAsTarget());
            case Objective.DdmSft _, Objective.Ddm _, Objective.Autoregressive _ ->
                SftRows.of(most, special, settings.padAsTarget());
        };
        return maker.withTruncation(settings.truncation());
    }

    private List<Conversation> conversations(List<String> names, Conversations.Use use, long most) {
        Conversations read =
                Conversations.ofDatasets(settings.datasetDir(), names, use, new Conversations.Selection(most, seed));
        warnings.addAll(read.warnings());
        return read.rows();
    }

    private int[] source(Conversation conversation) {
        List<Message> prompt = conversation.prompt();
        return settings.template()
                .map(template -> template.prompt(prompt, conversation.system())
                        .withoutBegin()
                        .ids(tokenization.encode(), special.bos(), special.eos()))
                .orElseGet(() -> tokenization.encode().apply(prompt.getFirst().content()));
    }
}
