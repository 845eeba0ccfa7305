% Asks rule.pl.  Reads terms from standard input:
%
%   Fact.                     of a world; those before `catalogue.` stay
%   catalogue.                all facts so far are the shipped catalogue
%   ask(Ids, Own, Known, Level, Delegated, At, Type, Operation, Key).
%   list(...), objects(Ids, Own, Known, Level, Delegated, At, Type, Operation).
%   who(At, Type, Operation, Key).
%   pair(Ids, Own, Known, Level, Delegated, At, Operation, Pairing, About).
%   done.                     forget the world; prints a line `done`
%
% and prints one line of words, separated by tabs, for each question.

:- use_module(rule).
:- use_module(pair).

:- dynamic of_world/1, in_world/0.

main :-
    set_stream(user_input, encoding(utf8)),
    set_stream(user_output, encoding(utf8)),
    repeat,
    read_term(user_input, Term, []),
    ( Term == end_of_file -> true ; obey(Term), fail ),
    !.

obey(catalogue) :- !, assertz(in_world).
obey(done) :- !,
    forall(retract(of_world(Ref)), erase(Ref)),
    abolish_all_tables,
    format("done~n"), flush_output.
obey(ask(Ids, Own, Known, Level, Delegated, At, Type, Op, Key)) :- !,
    subject(Ids, Own, Known, Level, Delegated, At, Subject),
    answer(Subject, Known, Type, Op, Key, Decision, Reason, because(Missing, As, Needed)),
    next_change(Subject, At, Next),
    atomic_list_concat(Missing, ',', M), atomic_list_concat(As, ',', A),
    ( Needed == none -> N = 0 ; N = Needed ),
    format("ask\t~w\t~w\t~w\t~w\t~w\t~w~n", [Decision, Reason, M, A, N, Next]).
obey(list(Ids, Own, Known, Level, Delegated, At, Type, Op)) :- !,
    write(list), keys(Ids, Own, Known, Level, Delegated, At, Type, Op).
obey(objects(Ids, Own, Known, Level, Delegated, At, Type, Op)) :- !,
    write(objects), keys(Ids, Own, Known, Level, Delegated, At, Type, Op).
obey(who(At, Type, Op, Key)) :- !,
    who(At, Type, Op, Key, Reason, Holders),
    findall(Text, ( member(holder(Id, Level, As), Holders),
                    atomic_list_concat(As, ',', A),
                    format(atom(Text), "~w:~w:~w", [Id, Level, A]) ), Texts),
    atomic_list_concat([who, Reason | Texts], '\t', Line),
    format("~w~n", [Line]).
obey(pair(Ids, Own, Known, Level, Delegated, At, Op, Pairing, About)) :- !,
    subject(Ids, Own, Known, Level, Delegated, At, Subject),
    pair(Subject, Known, Pairing, Op, About, Reason, Unsound, As, Halves),
    next_change(Subject, At, Next),
    atomic_list_concat(As, ',', A),
    findall(Text, ( member(half(Missing, Needed, First), Halves),
                    atomic_list_concat(Missing, ',', M),
                    ( Needed == none -> N = 0 ; N = Needed ),
                    ( First == none -> F = 0 ; F = First ),
                    format(atom(Text), "~w:~w:~w", [M, N, F]) ), Texts),
    atomic_list_concat([pair, Reason, Unsound, A, Next | Texts], '\t', Line),
    format("~w~n", [Line]).
obey(Fact) :-
    assertz(rule:Fact, Ref),
    ( in_world -> assertz(of_world(Ref)) ; true ).

keys(Ids, Own, Known, Level, Delegated, At, Type, Op) :-
    subject(Ids, Own, Known, Level, Delegated, At, Subject),
    objects(Subject, Known, Type, Op, Reason, Keys, Universe),
    length(Keys, N),
    atomic_list_concat(['', Reason, N, Universe | Keys], '\t', Line),
    format("~w~n", [Line]).

% Section 2: while groups are unknown only the subject's own ids count.
subject(Ids, Own, Known, Level, Delegated, At, subject(Counted, Level, Delegated, At)) :-
    length(Mine, Own), append(Mine, Behind, Ids),
    findall(own(Id), member(Id, Mine), Owned),
    findall(group(Id), ( Known == yes, member(Id, Behind) ), Groups),
    append(Owned, Groups, Counted).

:- initialization((main, halt), main).
